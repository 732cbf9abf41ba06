import { encode } from './attributes.ts';
import {
  decodeGeneric,
  encodeGeneric,
  type GenericFamily,
  type GenericMessage,
  resolveGenericFamily,
} from './generic-family.ts';
import { decodeEndpoint, encodeEndpoint, type Endpoint, type NewEndpoint } from './mptcp-endpoint.ts';
import { malformed } from './netlink-error.ts';
import type { NetlinkSession } from './session.ts';

export const mptcpFamilyName = 'mptcp_pm';
export const mptcpEventGroup = 'mptcp_pm_events';
const familyVersion = 1;

/** MPTCP_PM_CMD_* (include/uapi/linux/mptcp_pm.h). */
const commands = { add: 1, remove: 2, list: 3, flush: 4, setLimits: 5, getLimits: 6, setFlags: 7 } as const;
/** MPTCP_PM_ATTR_*. */
const attributes = { address: 1, receivedAddresses: 2, subflows: 3 } as const;

/** How many addresses and subflows beyond the first a connection of this namespace may use; the kernel allows 0 to 8. */
export interface PathManagerLimits {
  /** Subflows in addition to the initial one. */
  readonly subflows: number;
  /** Addresses announced by the peer that are acted upon. */
  readonly addAddrAccepted: number;
}

/** Which endpoint is meant: its id, or its address (with the port, when it was made with one). */
export type EndpointReference =
  { readonly id: number } | { readonly address: string; readonly port?: number | undefined };

/**
 * The kernel's own MPTCP path manager in one network namespace. Endpoints and limits belong to the namespace, so they act
 * on every MPTCP connection of that host, also on those that live already. Reading needs no privilege on Linux 6.18
 * (older kernels: CAP_NET_ADMIN for endpoints); everything else needs CAP_NET_ADMIN, else EPERM.
 */
export class MptcpPathManager implements Disposable {
  readonly #session: NetlinkSession;
  readonly family: GenericFamily;

  private constructor(session: NetlinkSession, family: GenericFamily) {
    this.#session = session;
    this.family = family;
  }

  /** Takes ownership of a generic netlink session. Rejects with `unsupported` on a kernel without MPTCP. */
  static async over(session: NetlinkSession): Promise<MptcpPathManager> {
    try {
      return new MptcpPathManager(session, await resolveGenericFamily(session, mptcpFamilyName, familyVersion));
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  /** In order of their ids, the kernel's own implicit ones included. */
  async endpoints(): Promise<Endpoint[]> {
    const action = 'list MPTCP endpoints';
    const messages = await this.#session.dump({
      action,
      type: this.family.id,
      payload: this.#payload(commands.list),
    });
    return messages.map((message) => {
      const address = decodeGeneric(message).attributes.nested(attributes.address);
      if (address === undefined) throw malformed('an endpoint without its nest').during(action);
      return decodeEndpoint(address);
    });
  }

  /**
   * Adds one. Refused with EEXIST when the address (and port) is there already, ERANGE beyond eight, EINVAL for flags that
   * exclude each other (`signal` and `fullmesh`), EADDRNOTAVAIL for a `port` on an address that is not local.
   */
  async addEndpoint(endpoint: NewEndpoint): Promise<void> {
    await this.#change(`add the MPTCP endpoint ${endpoint.address}`, commands.add, endpoint);
  }

  /** Closes the subflows that use it. Refused with EINVAL when there is none of that id. */
  async removeEndpoint(id: number): Promise<void> {
    await this.#change(`remove the MPTCP endpoint with id ${id}`, commands.remove, { id });
  }

  /**
   * Closes the subflow that each connection began with, where it began at this address: that one has id 0, and no
   * endpoint.
   */
  async removeInitialAddress(address: string): Promise<void> {
    await this.#change(`remove the initial MPTCP address ${address}`, commands.remove, { id: 0, address });
  }

  /** Removes all endpoints of the namespace, also those of others. */
  async flushEndpoints(): Promise<void> {
    await this.#ask('remove all MPTCP endpoints', commands.flush, []);
  }

  /**
   * Sets `backup` and `fullmesh` (each absent one is cleared) and leaves the other flags; live connections follow at
   * once: a path marked `backup` carries nothing while another one lives.
   */
  async setEndpointFlags(reference: EndpointReference, flags: readonly ('backup' | 'fullmesh')[]): Promise<void> {
    const name = 'id' in reference ? `with id ${reference.id}` : reference.address;
    await this.#change(`change the flags of the MPTCP endpoint ${name}`, commands.setFlags, { ...reference, flags });
  }

  async limits(): Promise<PathManagerLimits> {
    const action = 'read the MPTCP limits';
    const answer = (await this.#ask(action, commands.getLimits, []))[0]?.attributes;
    const [subflows, addAddrAccepted] = [answer?.u32(attributes.subflows), answer?.u32(attributes.receivedAddresses)];
    if (subflows === undefined || addAddrAccepted === undefined)
      throw malformed('limits without numbers').during(action);
    return { subflows, addAddrAccepted };
  }

  /** Refused with EINVAL above 8. */
  async setLimits(limits: PathManagerLimits): Promise<void> {
    await this.#ask('set the MPTCP limits', commands.setLimits, [
      encode.u32(attributes.receivedAddresses, limits.addAddrAccepted),
      encode.u32(attributes.subflows, limits.subflows),
    ]);
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]();
  }

  async #change(action: string, command: number, endpoint: Partial<NewEndpoint>): Promise<void> {
    await this.#ask(action, command, [encode.nested(attributes.address, encodeEndpoint(endpoint))]);
  }

  async #ask(action: string, command: number, body: readonly Buffer[]): Promise<GenericMessage[]> {
    const payload = this.#payload(command, body);
    const messages = await this.#session.request({ action, type: this.family.id, payload });
    return messages.map((message) => decodeGeneric(message));
  }

  #payload(command: number, body: readonly Buffer[] = []): Buffer {
    return encodeGeneric(command, familyVersion, body);
  }
}
