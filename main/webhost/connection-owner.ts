import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';

/** One end of a TCP connection. */
interface End {
  readonly address: string;
  readonly port: number;
}

/**
 * The user whose process holds the far end of a connection on this machine, as the kernel's socket table says
 * (proc_pid_net(5), `/proc/net/tcp`); `undefined` where it is not there, for instance in another network namespace.
 */
export function ownerOf(theirs: End, ours: End, table: (path: string) => string = read): number | undefined {
  const path = isIPv4(theirs.address) ? '/proc/net/tcp' : '/proc/net/tcp6';
  return findOwner(table(path), hexadecimal(theirs), hexadecimal(ours));
}

function findOwner(table: string, theirs: string, ours: string): number | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, local, remote, , , , , uid] = line.trim().split(/\s+/);
    if (local === theirs && remote === ours && uid !== undefined) return Number(uid);
  }
  return undefined;
}

/** `0100007F:1F90`: the address in words of the machine's own byte order, the port as people write it. */
function hexadecimal({ address, port }: End): string {
  const bytes = isIPv4(address) ? address.split('.').map(Number) : loopbackBytes;
  return `${inMachineOrder(bytes)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** ::1 is the only address of its kind that is listened on. */
const loopbackBytes = [...Array.from({ length: 15 }, () => 0), 1];

function inMachineOrder(bytes: readonly number[]): string {
  const words = new Uint32Array(Uint8Array.from(bytes).buffer);
  return Array.from(words, (word) => word.toString(16).toUpperCase().padStart(8, '0')).join('');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
