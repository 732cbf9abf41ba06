/**
 * Path of a listening unix socket by its inode, from /proc/PID/net/unix:
 * `Num RefCount Protocol Flags Type St Inode Path`, where flag 0x10000 (__SO_ACCEPTCON) marks a listener.
 *
 * The kernel writes names as they are, line feeds too, so any user can add a line by binding a socket to a name that holds
 * it. The true line of a socket is always there: where an inode has two, neither is believed.
 */
export function listeningSocketPath(table: string, inode: number): string | undefined {
  const found = table.split('\n').flatMap((line) => {
    const [, flags, number, path] = /^\S+ \S+ \S+ ([\da-f]{8}) \S+ \S+ +(\d+)(?: (.*))?$/i.exec(line) ?? [];
    return Number(number) === inode ? [{ flags, path }] : [];
  });
  const [only] = found;
  if (!only?.path?.startsWith('/') || found.length > 1) return undefined;
  return (Number(`0x${only.flags}`) & 0x1_0000) === 0 ? undefined : only.path;
}
