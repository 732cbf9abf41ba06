import type { Guest } from '#contract/host.ts';

/** `user qemu`; nothing where a host did not say. */
export function userText({ user }: Guest): string | undefined {
  return user && `user ${user.name ?? user.uid}`;
}
