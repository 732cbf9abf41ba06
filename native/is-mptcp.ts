import { release } from 'node:os';
import {
  AF_INET,
  ENOPROTOOPT,
  EOPNOTSUPP,
  IPPROTO_MPTCP,
  MPTCP_INFO,
  SOCK_CLOEXEC,
  SOCK_STREAM,
  SOL_MPTCP,
  SOL_TCP,
  TCP_IS_MPTCP,
} from './constants.ts';
import { Fd } from './fd.ts';
import { libc } from './libc.ts';
import { NativeError } from './native-error.ts';
import { getSocketOption } from './socket-options.ts';

/**
 * Whether the connection really is Multipath TCP: false for plain TCP and for a socket that asked for MPTCP and fell
 * back.
 *
 * Ask twice: after connecting, and again when data has flowed. A middlebox that strips the options from data packets
 * only shows then. Linux 6.10 answers directly (TCP_IS_MPTCP); 5.16 and later by taking or refusing SOL_MPTCP
 * options. Older kernels cannot distinguish MPTCP from its fallback: {@link NativeError} with EOPNOTSUPP.
 */
export function isMptcp(fd: Fd): boolean {
  return decideIsMptcp(questionsAbout(fd));
}

/** What can be asked, each at most once; a number below zero is a negated errno. */
export interface MptcpQuestions {
  readonly isMptcpOption: () => number;
  readonly mptcpInfoOption: () => number;
  readonly protocol: () => number;
  readonly kernelHasMptcpInfo: () => boolean;
}

export function questionsAbout(fd: Fd): MptcpQuestions {
  return {
    isMptcpOption: () => readNumber(fd, SOL_TCP, TCP_IS_MPTCP),
    mptcpInfoOption: () => probeMptcpInfo(fd),
    protocol: () => getSocketOption(fd, 'protocol'),
    kernelHasMptcpInfo,
  };
}

export function decideIsMptcp(ask: MptcpQuestions): boolean {
  const direct = ask.isMptcpOption();
  if (direct >= 0) return direct !== 0;
  if (direct !== -ENOPROTOOPT) throw new NativeError('getsockopt', -direct, 'read TCP_IS_MPTCP');

  if (ask.protocol() !== IPPROTO_MPTCP) return false;
  const info = ask.mptcpInfoOption();
  if (info >= 0) return true;
  if (info !== -EOPNOTSUPP && info !== -ENOPROTOOPT) throw new NativeError('getsockopt', -info, 'probe MPTCP_INFO');
  if (ask.kernelHasMptcpInfo()) return false;
  throw new NativeError(
    'getsockopt',
    EOPNOTSUPP,
    'distinguish MPTCP from its fallback',
    'It takes Linux 5.16 or newer.',
  );
}

function readNumber(fd: Fd, level: number, option: number): number {
  const value = Buffer.alloc(4);
  const result = libc().getsockopt(fd.number, level, option, value, new Uint32Array([value.length]));
  return result < 0 ? result : value.readInt32LE(0);
}

/** A length of 0 is allowed and asks only whether the option exists: net/mptcp/sockopt.c, mptcp_getsockopt_info. */
function probeMptcpInfo(fd: Fd): number {
  return libc().getsockopt(fd.number, SOL_MPTCP, MPTCP_INFO, Buffer.alloc(0), new Uint32Array([0]));
}

let mptcpInfoKnown: boolean | undefined;

/**
 * A fresh socket cannot have fallen back yet: what it refuses, this kernel does not have. (Enterprise kernels carry
 * MPTCP_INFO under older version numbers.) Where MPTCP sockets cannot be opened here, the version number decides.
 */
function kernelHasMptcpInfo(): boolean {
  if (mptcpInfoKnown !== undefined) return mptcpInfoKnown;
  const number = libc().socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
  if (number < 0) {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    return major > 5 || (major === 5 && minor >= 16);
  }
  using probe = new Fd(number);
  mptcpInfoKnown = probeMptcpInfo(probe) >= 0;
  return mptcpInfoKnown;
}
