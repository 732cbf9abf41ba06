/**
 * Numbers of the Linux user API that more than one file here needs, named as the headers name them.
 * They hold for x86-64, arm64, riscv64 and loong64 (asm-generic); headers.live.test.ts asserts each against the
 * headers of the machine it runs on.
 */

// <linux/socket.h>
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;

// <linux/net.h>, <asm-generic/fcntl.h>
export const SOCK_STREAM = 1;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

// <linux/in.h>
export const IPPROTO_TCP = 6;
export const IPPROTO_MPTCP = 262;

// <asm-generic/socket.h>, <linux/socket.h>
export const SOL_SOCKET = 1;
export const SO_PEERCRED = 17;
export const SO_LINGER = 13;
export const SO_NETNS_COOKIE = 71;
export const SOL_TCP = 6;
export const SOL_NETLINK = 270;
export const SOL_MPTCP = 284;

// <linux/socket.h>
export const MSG_DONTWAIT = 0x40;
export const MSG_TRUNC = 0x20;
export const MSG_NOSIGNAL = 0x4000;
export const SCM_RIGHTS = 1;

// <asm-generic/poll.h>
export const POLLIN = 0x1;
export const POLLOUT = 0x4;

// <linux/sched.h>
export const CLONE_NEWNET = 0x40000000;

// <asm-generic/fcntl.h>
export const F_DUPFD_CLOEXEC = 1030;
export const F_RDLCK = 0;
export const F_WRLCK = 1;
export const F_UNLCK = 2;
export const F_OFD_GETLK = 36;
export const F_OFD_SETLK = 37;

// <linux/fcntl.h>
export const AT_FDCWD = -100;
export const AT_EACCESS = 0x200;

// <linux/prctl.h>
export const PR_GET_DUMPABLE = 3;
export const PR_SET_DUMPABLE = 4;

// <asm-generic/unistd.h>
export const SYS_PIDFD_SEND_SIGNAL = 424;
export const SYS_PIDFD_OPEN = 434;
export const SYS_PIDFD_GETFD = 438;
export const SYS_FACCESSAT2 = 439;

// <linux/tcp.h>
export const TCP_INFO = 11;
/** Not in the headers before Linux 6.10. */
export const TCP_IS_MPTCP = 43;

// <linux/mptcp.h>
export const MPTCP_INFO = 1;
export const MPTCP_TCPINFO = 2;
export const MPTCP_SUBFLOW_ADDRS = 3;
/** Not in the headers before Linux 6.5. */
export const MPTCP_FULL_INFO = 4;

// <asm-generic/errno-base.h>, <asm-generic/errno.h>
export const EINTR = 4;
export const EAGAIN = 11;
export const EINVAL = 22;
export const EMSGSIZE = 90;
export const ENOPROTOOPT = 92;
export const EPROTONOSUPPORT = 93;
export const EOPNOTSUPP = 95;
export const ETIMEDOUT = 110;
export const EINPROGRESS = 115;
