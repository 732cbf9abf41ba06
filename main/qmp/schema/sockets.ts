import type { Integer } from './types.ts';

/** `InetSocketAddressBase` and `InetSocketAddress` (qapi/sockets.json, since 1.3). */
export interface InetSocketAddress {
  readonly host: string;
  /** A decimal number, as a string: QEMU also takes service names. */
  readonly port: string;
  /** Neither the host nor the port may be a name to look up (since 2.9). */
  readonly numeric?: boolean;
  /** When listening: the highest port to try, beginning with `port`. */
  readonly to?: Integer;
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  /** TCP keep-alive on connections made, not on those accepted (since 4.2). */
  readonly 'keep-alive'?: boolean;
  /** Probes without an answer before the connection is given up (since 10.1). */
  readonly 'keep-alive-count'?: Integer;
  /** Seconds of silence before the first probe (since 10.1). */
  readonly 'keep-alive-idle'?: Integer;
  /** Seconds between probes (since 10.1). */
  readonly 'keep-alive-interval'?: Integer;
  /** Multipath TCP (since 6.1; only where QEMU's C library knew IPPROTO_MPTCP when it was built). */
  readonly mptcp?: boolean;
}

/** `UnixSocketAddress` (qapi/sockets.json, since 1.3; `abstract` and `tight` since 5.1, on Linux). */
export interface UnixSocketAddress {
  readonly path: string;
  readonly abstract?: boolean;
  readonly tight?: boolean;
}

/** `VsockSocketAddress` (qapi/sockets.json, since 2.8): both are decimal numbers as strings. */
export interface VsockSocketAddress {
  readonly cid: string;
  readonly port: string;
}

/** `FdSocketAddress`, formerly `String` (qapi/sockets.json, since 1.2): a name given by `getfd`, or a number. */
export interface FdSocketAddress {
  readonly str: string;
}

/** `SocketAddress` (qapi/sockets.json, since 2.9): flat, as `blockdev-add` and migration channels take it. */
export type SocketAddress =
  | ({ readonly type: 'inet' } & InetSocketAddress)
  | ({ readonly type: 'unix' } & UnixSocketAddress)
  | ({ readonly type: 'vsock' } & VsockSocketAddress)
  | ({ readonly type: 'fd' } & FdSocketAddress);

/** `SocketAddressLegacy` (qapi/sockets.json, since 1.3): nested, as `nbd-server-start` takes it. */
export type SocketAddressLegacy =
  | { readonly type: 'inet'; readonly data: InetSocketAddress }
  | { readonly type: 'unix'; readonly data: UnixSocketAddress }
  | { readonly type: 'vsock'; readonly data: VsockSocketAddress }
  | { readonly type: 'fd'; readonly data: FdSocketAddress };

/** `MigrationChannel` (qapi/migration.json, since 8.1; taken by `migrate` and `migrate-incoming` since 8.2). */
export interface MigrationChannel {
  readonly 'channel-type': 'main';
  readonly addr: { readonly transport: 'socket' } & SocketAddress;
}
