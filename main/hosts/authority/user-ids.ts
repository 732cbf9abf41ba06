/** The uid that stands for every user whom a user namespace does not map (/proc/sys/kernel/overflowuid). */
export const overflowUid = 65_534;

/**
 * Whether a uid exists in a user namespace: its map is lines of `INSIDE OUTSIDE COUNT` (/proc/PID/uid_map,
 * user_namespaces(7)). The initial one maps all.
 */
export function isMapped(uid: number, map: string): boolean {
  return map.split('\n').some((line) => {
    const [inside = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
    return uid >= inside && uid < inside + count;
  });
}

/** Names by uid, from the text of /etc/passwd; the first entry of a uid wins, as in getpwuid(3). */
export function userNames(passwd: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of passwd.split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    if (/^[\w.@-]{1,64}\$?$/.test(name) && /^\d{1,10}$/.test(uid) && !names.has(Number(uid)))
      names.set(Number(uid), name);
  }
  return names;
}
