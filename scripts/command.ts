import { spawn } from 'node:child_process';

export interface Check {
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
}

/** `output` is what the program said on both streams, in the order in which it arrived. */
export interface Outcome {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly elapsedMs: number;
}

/** Runs one program to its end. One that cannot be started is a failed check, not an exception. */
export async function runCheck(check: Check): Promise<Outcome> {
  const [program, ...args] = check.command;
  const began = performance.now();
  const heard: string[] = [];
  const passed = await new Promise<boolean>((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => heard.push(text));
    }
    child.once('error', (error) => {
      heard.push(`${program}: ${error.message}\n`);
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  return { name: check.name, passed, output: heard.join(''), elapsedMs: performance.now() - began };
}
