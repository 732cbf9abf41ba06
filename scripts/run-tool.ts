import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Runs one of the project's own tools in `folder` and returns what it printed, whatever its verdict. */
export function runTool(tool: 'oxlint' | 'tsc', args: readonly string[], folder: string): string {
  const { stdout, error } = spawnSync(join(process.cwd(), 'node_modules/.bin', tool), args, {
    cwd: folder,
    encoding: 'utf8',
  });
  if (error) throw error;
  return stdout;
}
