import type { Guest } from '#contract/host.ts';
import { createRedactor } from '#main/redaction/redact.ts';

/** A copy of what was said about a guest, without the secrets of its command line, wherever they are quoted. */
export function withoutSecrets<Value>({ argv }: Pick<Guest, 'argv'>, value: Value): Value {
  const redactor = createRedactor();
  redactor.learn(argv);
  return redactor.redact(value);
}
