import { InvalidArgumentError } from 'commander';
import { parseBitsPerSecond, parseBytes, parseDurationMs } from '#contract/units.ts';

/** Option values with their units; commander turns the refusal into a usage error that names the option. */
export const rateArgument = withUnit(parseBitsPerSecond, 'a rate like 500mbit or 2.5gbit, or 0');
export const bytesArgument = withUnit(parseBytes, 'a size like 4MiB');
export const durationArgument = withUnit(parseDurationMs, 'a duration like 300ms, 30s or 5min');

function withUnit(parse: (text: string) => number | undefined, wanted: string): (text: string) => number {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`Give ${wanted}.`);
    return value;
  };
}

export function countArgument(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Give a whole number.');
  return value;
}

/** `eth1,eth3`; given again, more of them. */
export function collectNames(value: string, previous: readonly string[] = []): string[] {
  return [...previous, ...value.split(',').map((name) => name.trim())];
}

export function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
