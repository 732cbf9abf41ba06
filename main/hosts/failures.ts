import { SwitchyardError } from '#contract/errors.ts';
import { NativeError } from '#native/native-error.ts';

/** Lets a host's work fail only in the contract's terms: what the kernel refused becomes a failure with its remedy. */
export async function inContractTerms<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    throw translated(thrown);
  }
}

function translated(thrown: unknown): unknown {
  if (thrown instanceof SwitchyardError) return thrown;
  const { syscall, errno, code } = thrown instanceof NativeError ? thrown : ofNode(thrown);
  if (syscall === undefined || errno === undefined || code === undefined) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new SwitchyardError(
    { kind: 'native', syscall, errno, code, text, remedy: remedyFor(code) },
    { cause: thrown },
  );
}

/** A system call that failed inside Node; there `errno` is negative. */
function ofNode(thrown: unknown): { syscall?: string; errno?: number; code?: string } {
  if (!(thrown instanceof Error) || !('syscall' in thrown) || !('errno' in thrown) || !('code' in thrown)) return {};
  const { syscall, errno, code } = thrown;
  if (typeof syscall !== 'string' || typeof errno !== 'number' || typeof code !== 'string') return {};
  return { syscall, errno: Math.abs(errno), code };
}

function remedyFor(code: string): string {
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return 'Run Switchyard as root, or as the user who owns what is named.';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'Make room there, then try again.';
    default:
      return 'Fix what the message names, then try again.';
  }
}
