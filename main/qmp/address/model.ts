import { isIP, isIPv6 } from 'node:net';
import { invalidRequest, type SwitchyardError } from '#contract/errors.ts';
import { hasControlCharacter, socketPathProblem } from '#main/qmp/monitor-path.ts';

/**
 * Where a stream goes, whichever way it was written: the union of what QEMU's strings and QAPI types can say about sockets
 * (`SocketAddress`, qapi/sockets.json). An absent flag leaves the choice to QEMU.
 */
export type Address = InetAddress | UnixAddress | VsockAddress | FdAddress;

export interface InetAddress {
  readonly type: 'inet';
  /**
   * A name, an IPv4 or an IPv6 address without brackets; `0` is 0.0.0.0; empty is every address of both families, for which
   * QEMU opens two listeners (on two different ports, where the port is 0).
   */
  readonly host: string;
  /** 0 lets the kernel choose, when listening. */
  readonly port: number;
  /** When listening: the highest port to try. */
  readonly to?: number;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  /** Host and port are not to be looked up. */
  readonly numeric?: boolean;
  readonly keepAlive?: boolean;
  /** This one and the next two since QEMU 10.1. */
  readonly keepAliveCount?: number;
  readonly keepAliveIdleSeconds?: number;
  readonly keepAliveIntervalSeconds?: number;
  /** Multipath TCP. */
  readonly mptcp?: boolean;
}

export interface UnixAddress {
  readonly type: 'unix';
  /** Absolute; of an abstract socket the name, without its NUL. */
  readonly path: string;
  readonly abstract?: boolean;
  readonly tight?: boolean;
}

export interface VsockAddress {
  readonly type: 'vsock';
  readonly cid: number;
  readonly port: number;
}

export interface FdAddress {
  readonly type: 'fd';
  /** As given to `getfd`, or the number of a descriptor that QEMU inherited. */
  readonly name: string;
}

/** `problem` is the end of a sentence that begins with the address. */
export function addressError(text: string, problem: string, remedy: string): SwitchyardError {
  return invalidRequest(`The address ${JSON.stringify(text)} ${problem}.`, remedy, 'address');
}

/** The address itself when it makes sense, whatever it was written in; throws a SwitchyardError `invalid-request` naming `text`. */
export function checked(address: Address, text: string): Address {
  const flaw = flawOf(address);
  if (flaw) throw addressError(text, flaw.problem, flaw.remedy);
  return address;
}

interface Flaw {
  readonly problem: string;
  readonly remedy: string;
}

function flawOf(address: Address): Flaw | undefined {
  switch (address.type) {
    case 'inet':
      return flawOfHost(address.host) ?? flawOfPorts(address) ?? flawOfFamilies(address);
    case 'unix':
      return flawOfUnix(address);
    case 'vsock':
      return isUint32(address.cid) && isUint32(address.port)
        ? undefined
        : { problem: 'has no usable vsock numbers', remedy: 'Write vsock:CID:PORT, both as decimal numbers.' };
    case 'fd':
      return /^(?:\d+|[^\d\p{Cc}][^\p{Cc}]*)$/u.test(address.name)
        ? undefined
        : {
            problem: 'names no file descriptor',
            remedy: 'Write fd:NAME as given to getfd (it must not begin with a digit), or fd:NUMBER.',
          };
  }
}

function flawOfHost(host: string): Flaw | undefined {
  if (isIP(host) !== 0 || /^[A-Za-z0-9_.-]{0,253}$/.test(host)) return undefined;
  return {
    problem: `has a host that is neither a name nor an IP address: ${JSON.stringify(host)}`,
    remedy: 'Write a host name, an IPv4 address, or an IPv6 address; nothing for every address.',
  };
}

function flawOfPorts({ port, to }: InetAddress): Flaw | undefined {
  if (!isPort(port)) return { problem: `has no usable port: ${port}`, remedy: 'Write a port from 0 to 65535.' };
  if (to === undefined || (isPort(to) && to >= port)) return undefined;
  return {
    problem: `has an end of the port range below its beginning: ${port} to ${to}`,
    remedy: `Write to=PORT with a port from ${port} to 65535.`,
  };
}

function flawOfFamilies({ host, ipv4, ipv6, ...rest }: InetAddress): Flaw | undefined {
  if (ipv4 === false && ipv6 === false)
    return { problem: 'switches off both IPv4 and IPv6', remedy: 'Leave one of ipv4=off and ipv6=off out.' };
  if (isIPv6(host) && ipv6 === false)
    return { problem: 'is an IPv6 address with ipv6=off', remedy: 'Leave ipv6=off out, or write another host.' };
  const tuning = [rest.keepAliveCount, rest.keepAliveIdleSeconds, rest.keepAliveIntervalSeconds];
  if (!tuning.every((value) => value === undefined || isUint32(value)))
    return { problem: 'has an unusable keep-alive number', remedy: 'Write whole numbers from 0.' };
  return undefined;
}

function flawOfUnix({ path, abstract, tight }: UnixAddress): Flaw | undefined {
  if (tight !== undefined && abstract !== true)
    return {
      problem: 'is tight without being abstract',
      remedy: 'Leave tight out: it is about abstract sockets only.',
    };
  const problem = abstract === true ? abstractNameProblem(path) : socketPathProblem(path);
  return problem === undefined
    ? undefined
    : { problem: `cannot be a unix socket: ${problem}`, remedy: 'Write unix: and an absolute path.' };
}

function abstractNameProblem(name: string): string | undefined {
  if (name === '') return 'its name is empty';
  if (hasControlCharacter(name)) return 'it holds control characters';
  return Buffer.byteLength(name) > 107 ? 'its name is longer than 107 bytes' : undefined;
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

/** A decimal number and nothing else; `undefined` for anything that a lax reader would make a number of. */
export function decimal(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
