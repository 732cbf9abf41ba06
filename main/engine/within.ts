import type { Milliseconds } from '#contract/units.ts';
import type { Clock } from './ports.ts';

/**
 * Waits for `work`, and no longer than `ms`: then it answers `late`, and what still becomes of the work is handed to
 * `onLateFailure` where it fails. Rejects as the work does.
 */
export async function within<Value>(
  clock: Clock,
  ms: Milliseconds,
  work: Promise<Value>,
  onLateFailure: (thrown: unknown) => unknown,
): Promise<{ readonly value: Value } | 'late'> {
  const over = new AbortController();
  let isLate = false;
  const answer = work.then((value) => ({ value }));
  const deadline = clock.sleep(ms, over.signal).then(() => {
    isLate = true;
    return 'late' as const;
  });
  answer.catch((thrown: unknown) => {
    if (isLate) onLateFailure(thrown);
  });
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    over.abort();
  }
}
