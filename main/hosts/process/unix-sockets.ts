/**
 * Path of a listening unix socket by its inode, from /proc/PID/net/unix:
 * `Num RefCount Protocol Flags Type St Inode Path`, where flag 0x10000 (__SO_ACCEPTCON) marks a listener.
 */
export function listeningSocketPath(table: string, inode: number): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [, flags, number, path] = /^\S+ \S+ \S+ ([\da-f]{8}) \S+ \S+ +(\d+) (\/.*)$/i.exec(line) ?? [];
    if (Number(number) === inode && (Number(`0x${flags}`) & 0x1_0000) !== 0) return path;
  }
  return undefined;
}
