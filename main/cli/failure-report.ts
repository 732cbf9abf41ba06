import { randomUUID } from 'node:crypto';
import { toFailure, type Failure } from '#contract/errors.ts';
import { plainText } from '#main/export/plain-text.ts';
import { printJson, type Console } from './console.ts';

/**
 * Says what went wrong, in sentences on stderr; with `json` also as the one document on stdout, so that a program finds
 * one whatever happens. Where a fault of ours happened is for those who ask: SWITCHYARD_DEBUG=1.
 */
export function reportFailure(
  console: Console,
  thrown: unknown,
  { json, environment = process.env }: { readonly json: boolean; readonly environment?: NodeJS.ProcessEnv },
): Failure {
  const failure = toFailure(thrown, () => randomUUID().slice(0, 8));
  const debug = environment['SWITCHYARD_DEBUG'] === '1';
  console.log(plainText(`${failure.text} ${failure.remedy}`));
  if (debug) console.log(thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown));
  else if (failure.kind === 'internal') console.log('SWITCHYARD_DEBUG=1 shows where it happened.');
  if (json) printJson(console, { error: failure });
  return failure;
}
