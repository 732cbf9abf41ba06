import { spawnSync } from 'node:child_process';
import { qemuProgram } from '#lab/guest/command-line.ts';
import { labRights } from '#lab/user-namespace.ts';

/** Why tests that make labs cannot run here, in words for the test's title; empty when they can. */
export async function whyNoLabs(): Promise<string> {
  const missing = ['ip', 'tc', qemuProgram].filter((program) => spawnSync(program, ['--help']).error !== undefined);
  if (missing.length > 0) return ` (skipped: needs ${missing.join(', ')})`;
  return (await labRights()).kind === 'held' ? '' : ' (skipped: needs root)';
}
