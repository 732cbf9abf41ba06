import { useEffect, useState } from 'react';
import type { Milliseconds } from '#contract/units.ts';

/** Ages are shown in minutes. */
const everyMs: Milliseconds = 20_000;

/** The time of this window's clock, for ages that are shown; it advances by itself. */
export function useNow(): Milliseconds {
  const [nowEpochMs, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, []);
  return nowEpochMs;
}
