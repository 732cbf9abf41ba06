import { plainName, plainText } from '#contract/plain-text.ts';

/**
 * A name that a user chose, of a guest, a host, an interface or a user. Its direction is its own, so that it reorders
 * nothing around it; what would not be seen is escaped, and a long one is cut, with the rest in its tooltip.
 */
export function Name({ of }: { readonly of: string | undefined }) {
  if (of === undefined) return undefined;
  const name = plainName(of);
  return <bdi title={name === of ? undefined : plainText(of)}>{name}</bdi>;
}
