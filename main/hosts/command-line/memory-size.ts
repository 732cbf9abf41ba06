import type { Bytes } from '#contract/units.ts';

/** Each stands for 1024 of the one before. */
const units = 'bkmgtpe';

/** QEMU's size syntax (util/cutils.c, qemu_strtosz): `524280K`, `1.5g`, `512`; a bare number is in `unit`. */
export function parseMemorySize(text: string, unit: 'b' | 'm'): Bytes | undefined {
  const match = /^(\d+(?:\.\d+)?|0x[\da-f]+)([bkmgtpe])?$/i.exec(text.trim());
  if (!match) return undefined;
  const [, amount, letter = unit] = match;
  const bytes = Math.floor(Number(amount) * 1024 ** units.indexOf(letter.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
