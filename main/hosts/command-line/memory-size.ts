import type { Bytes } from '#contract/units.ts';

const factors: Readonly<Record<string, number>> = {
  b: 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
  e: 2 ** 60,
};

/** QEMU's size syntax (util/cutils.c, qemu_strtosz): `524280K`, `1.5g`, `512`; a bare number is in `unit`. */
export function parseMemorySize(text: string, unit: 'b' | 'm'): Bytes | undefined {
  const match = /^(\d+(?:\.\d+)?|0x[\da-f]+)([bkmgtpe])?$/i.exec(text.trim());
  if (!match) return undefined;
  const bytes = Math.floor(Number(match[1]) * (factors[(match[2] ?? unit).toLowerCase()] ?? 1));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
