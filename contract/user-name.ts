import type { User } from './host.ts';

/** `user nobody (65534)`: as in the middle of a sentence. */
export function nameOfUser({ uid, name }: User): string {
  return name === undefined ? `user ${uid}` : `user ${name} (${uid})`;
}
