import { z } from 'zod';
import { lastEpochMs } from './iso-time.ts';

/**
 * A wall clock's milliseconds since 1970. What is read from disk or from another process is checked here: `Date` takes
 * no more than 8.64e15, and most conversions of a greater number throw.
 */
export const epochMsSchema = z.number().min(0).max(lastEpochMs);

/** A monotonic clock's milliseconds since an origin of its own. */
export const monoMsSchema = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
