import { toFailure, type Failure } from '#contract/errors.ts';
import { plainText } from '#contract/plain-text.ts';
import { createRedactor, redactText } from '#main/redaction/redact.ts';
import { printJson } from './console.ts';
import type { Context } from './context.ts';

export interface FailureReportOptions {
  readonly json: boolean;
  /** In whose course it went wrong. */
  readonly migration?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Says what went wrong, in sentences on stderr; with `json` also as the one document on stdout, so that a program finds
 * one whatever happens. A fault of ours goes to the incident file; SWITCHYARD_DEBUG=1 prints its stack as well.
 */
export async function reportFailure(
  { console, incidents }: Pick<Context, 'console' | 'incidents'>,
  thrown: unknown,
  { json, migration, environment = process.env }: FailureReportOptions,
): Promise<Failure> {
  const report = await incidents();
  const told = createRedactor().redact(
    toFailure(thrown, (fault) => report(fault, migration === undefined ? {} : { migration })),
  );
  const failure = { ...told, text: plainText(told.text), remedy: plainText(told.remedy) };
  console.log(`${failure.text} ${failure.remedy}`);
  if (environment['SWITCHYARD_DEBUG'] === '1') {
    console.log(redactText(thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown)));
  }
  if (json) printJson(console, { error: failure });
  return failure;
}
