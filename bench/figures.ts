/** One line of the result: two things measured in one run, and their ratio. */
export interface Figure {
  readonly name: string;
  readonly ratio: number;
  readonly of: string;
  /** What the ratio should be, as it stands in docs/performance.md. */
  readonly goal: string;
  readonly met: boolean;
  /** The ratio of each round, where one round alone says something. */
  readonly runs?: readonly number[];
}

export function atLeast(name: string, ratio: number, goal: number, of: string): Figure {
  return { name, ratio, of, goal: `>= ${goal}`, met: ratio >= goal };
}

export function atMost(name: string, ratio: number, goal: number, of: string): Figure {
  return { name, ratio, of, goal: `<= ${goal}`, met: ratio <= goal };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

export const mbits = (rate: number): string => `${(rate / 1e6).toFixed(0)} Mbit/s`;
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
