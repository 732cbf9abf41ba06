/**
 * Units as types. A number that crosses a border of this project carries its unit twice: in its brand, so that the
 * compiler refuses to add bytes to bits, and in its name (`remainingBytes`), because JSON, CSV and axes have no brands.
 * Rates are decimal (Mbit/s, Gbit/s), memory is binary (MiB, GiB).
 */
declare const unit: unique symbol;
type Quantity<Unit extends string> = number & { readonly [unit]?: Unit };

export type Bytes = Quantity<'bytes'>;
export type BitsPerSecond = Quantity<'bits/s'>;
export type Milliseconds = Quantity<'ms'>;
export type Microseconds = Quantity<'us'>;
export type PagesPerSecond = Quantity<'pages/s'>;
/** 0 to 1. */
export type Fraction = Quantity<'fraction'>;

const byteFactors: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

const bitFactors: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

const durationFactors: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, min: 60e3, m: 60e3, h: 3600e3 };

/** Reads `512MiB`, `2G`, `4096`. Returns `undefined` for anything else; a fraction of a byte is refused. */
export function parseBytes(text: string): Bytes | undefined {
  return scaled(/^(\d+(?:\.\d+)?)\s*([KMGT]iB|[KMGTB])?$/, text, (suffix) => byteFactors[suffix], Number.isSafeInteger);
}

/** Reads `500mbit`, `1gbit`, `2.5gbit`, `64kbit`, as `tc` writes them; `0` means no limit where that is allowed. */
export function parseBitsPerSecond(text: string): BitsPerSecond | undefined {
  if (text === '0') return 0;
  return scaled(/^(\d+(?:\.\d+)?)\s*([kmgt]?)bit(?:\/s)?$/i, text, (prefix) => bitFactors[prefix.toLowerCase()]);
}

/** Reads `300ms`, `2s`, `1.5min`, `1h`; a bare number is refused, because its unit is not known. */
export function parseDurationMs(text: string): Milliseconds | undefined {
  return scaled(/^(\d+(?:\.\d+)?)\s*(us|ms|s|min|m|h)$/, text, (suffix) => durationFactors[suffix]);
}

function scaled(
  pattern: RegExp,
  text: string,
  factorOf: (suffix: string) => number | undefined,
  accept: (value: number) => boolean = Number.isFinite,
): number | undefined {
  const match = pattern.exec(text.trim()) ?? undefined;
  const factor = match && factorOf(match[2] ?? '');
  if (!match || factor === undefined) return undefined;
  const value = Number(match[1]) * factor;
  return accept(value) ? value : undefined;
}

/** `9.8 GiB`, `512 MiB`, `0 B`. */
export function formatBytes(bytes: Bytes): string {
  const step = (['TiB', 'GiB', 'MiB', 'KiB'] as const).find((name) => Math.abs(bytes) >= (byteFactors[name] ?? 1));
  return step ? `${significant(bytes / (byteFactors[step] ?? 1))} ${step}` : `${Math.round(bytes)} B`;
}

/** `478 Mbit/s`, `21.4 Gbit/s`, `0 bit/s`. */
export function formatBitsPerSecond(rate: BitsPerSecond): string {
  for (const [name, factor] of [
    ['Gbit/s', 1e9],
    ['Mbit/s', 1e6],
    ['kbit/s', 1e3],
  ] as const) {
    if (Math.abs(rate) >= factor) return `${significant(rate / factor)} ${name}`;
  }
  return `${Math.round(rate)} bit/s`;
}

/** `64 ms`, `2.1 s`, `3:07 min`, `1:02:09 h`. */
export function formatDurationMs(ms: Milliseconds): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${significant(ms / 1000)} s`;
  const totalSeconds = Math.round(ms / 1000);
  const [hours, minutes, seconds] = [
    Math.floor(totalSeconds / 3600),
    Math.floor(totalSeconds / 60) % 60,
    totalSeconds % 60,
  ];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds)} h` : `${minutes}:${pad(seconds)} min`;
}

/** `0.21 ms`, `1.9 ms`, `64 ms`. */
export function formatMicroseconds(us: Microseconds): string {
  return us < 1_000_000 ? `${significant(us / 1000)} ms` : formatDurationMs(us / 1000);
}

/** `46 %`. */
export function formatFraction(fraction: Fraction): string {
  return `${Math.round(fraction * 100)} %`;
}

function significant(value: number): string {
  const magnitude = Math.abs(value);
  return value
    .toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : 2)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}
