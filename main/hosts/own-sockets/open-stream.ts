import type { NetworkPlace } from '#main/hosts/network-place.ts';
import type { Fd } from '#native/fd.ts';
import { isNativeError } from '#native/native-error.ts';
import { openSocket, type StreamProtocol } from '#native/socket.ts';

/** A socket as it was opened, which is not always as it was asked for. */
export interface OpenStream {
  readonly fd: Fd;
  readonly protocol: StreamProtocol;
}

/**
 * A socket of this place; plain TCP where its kernel refuses MPTCP (switched off, not built, too old). Whether TCP will
 * do is decided by who asked, once the connection shows what both ends have made of it.
 */
export function openStream(place: NetworkPlace, family: 'ipv4' | 'ipv6', wantsMptcp: boolean): OpenStream {
  return place.run((): OpenStream => {
    if (!wantsMptcp) return { fd: openSocket(family, 'tcp'), protocol: 'tcp' };
    try {
      return { fd: openSocket(family, 'mptcp'), protocol: 'mptcp' };
    } catch (thrown) {
      if (!isNativeError(thrown, 'ENOPROTOOPT', 'EPROTONOSUPPORT', 'EINVAL')) throw thrown;
      return { fd: openSocket(family, 'tcp'), protocol: 'tcp' };
    }
  });
}
