/**
 * Path of a listening unix socket by its inode, from /proc/PID/net/unix:
 * `Num RefCount Protocol Flags Type St Inode Path`, where flag 0x10000 (__SO_ACCEPTCON) marks a listener.
 */
export function listeningSocketPath(table: string, inode: number): string | undefined {
  for (const line of table.split('\n').slice(1)) {
    const match = /^\S+ \S+ \S+ ([\da-f]{8}) \S+ \S+ +(\d+) (\/.*)$/i.exec(line);
    if (match && Number(match[2]) === inode && (Number.parseInt(match[1] ?? '', 16) & 0x1_0000) !== 0) return match[3];
  }
  return undefined;
}
