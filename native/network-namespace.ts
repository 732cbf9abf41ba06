import { randomFill } from 'node:crypto';
import { openSync } from 'node:fs';
import { CLONE_NEWNET } from './constants.ts';
import { Fd } from './fd.ts';
import { libc, refuseAllCalls } from './libc.ts';
import { NativeError } from './native-error.ts';

/** A network namespace: a name of `ip netns`, a file such as /proc/1/ns/net, a process, or an open namespace file. */
export type NetworkNamespaceRef = NetworkNamespacePlace | { readonly fd: Fd };

export type NetworkNamespacePlace = { readonly name: string } | { readonly path: string } | { readonly pid: number };

/** The thread could not return to its own network namespace. The process must end: this room works no more. */
export class NamespaceLostError extends NativeError {
  constructor(errno: number) {
    super(
      'setns',
      errno,
      'return to the own network namespace',
      'Every later native call is refused; restart Switchyard.',
    );
    this.name = 'NamespaceLostError';
  }
}

/**
 * Runs `fn` with this thread in another network namespace, and comes back before anything else can run.
 *
 * A socket belongs for ever to the namespace it was opened in, so `fn` opens what is needed and returns it; reading
 * and writing continue outside. A child process started in `fn` lives in that namespace. `fn` must be synchronous: other
 * code of this thread would otherwise run in the wrong namespace. Functions returning a promise do not compile and
 * are refused.
 *
 * Needs CAP_SYS_ADMIN over the target namespace. Throws {@link NativeError} when it cannot enter (`fn` is not called),
 * {@link NamespaceLostError} when it cannot come back.
 */
export function withNetworkNamespace<Result>(
  target: NetworkNamespaceRef,
  fn: () => Result extends PromiseLike<unknown> ? never : Result,
): Result {
  startThreadPool();
  using origin = openNamespaceFile('/proc/thread-self/ns/net', 'remember the own network namespace');
  enter(target);
  let result: Result;
  try {
    result = fn();
  } finally {
    comeBack(origin);
  }
  if (isPromiseLike(result)) {
    // Its outcome is not needed any more; the error below says what matters.
    Promise.resolve(result).catch(() => {});
    throw new TypeError('withNetworkNamespace needs a synchronous function; this one returned a promise.');
  }
  return result;
}

/** Opens a namespace to keep: it stays enterable, as `{ fd }`, also after its name is gone. */
export function openNetworkNamespace(target: NetworkNamespacePlace): Fd {
  return openNamespaceFile(pathOf(target), `open ${describe(target)}`);
}

function enter(target: NetworkNamespaceRef): void {
  if ('fd' in target) return setns(target.fd, 'the given file');
  using file = openNetworkNamespace(target);
  setns(file, describe(target));
}

function setns(file: Fd, description: string): void {
  const result = libc().setns(file.number, CLONE_NEWNET);
  if (result < 0) {
    throw new NativeError(
      'setns',
      -result,
      `enter ${description}`,
      'This needs root, or CAP_SYS_ADMIN over that namespace.',
    );
  }
}

function comeBack(origin: Fd): void {
  const result = libc().setns(origin.number, CLONE_NEWNET);
  if (result >= 0) return;
  const lost = new NamespaceLostError(-result);
  refuseAllCalls(lost);
  throw lost;
}

function openNamespaceFile(path: string, action: string): Fd {
  try {
    return new Fd(openSync(path, 'r'));
  } catch (error) {
    if (!isErrnoError(error)) throw error;
    throw new NativeError('open', -error.errno, action);
  }
}

function pathOf(target: NetworkNamespacePlace): string {
  if ('path' in target) return target.path;
  if ('pid' in target) return `/proc/${target.pid}/ns/net`;
  if (target.name === '' || target.name === '.' || target.name === '..' || target.name.includes('/')) {
    throw new TypeError(`"${target.name}" is not the name of a network namespace; "ip netns list" shows them.`);
  }
  return `/run/netns/${target.name}`;
}

function describe(target: NetworkNamespacePlace): string {
  if ('path' in target) return `the network namespace ${target.path}`;
  if ('pid' in target) return `the network namespace of process ${target.pid}`;
  return `the network namespace ${target.name}`;
}

let threadPoolStarted = false;

/**
 * A new thread inherits the namespace of the thread that makes it. libuv makes its pool when first used; were that
 * inside `fn`, name lookups of the whole program would go through the foreign namespace ever after.
 */
function startThreadPool(): void {
  if (threadPoolStarted) return;
  threadPoolStarted = true;
  randomFill(Buffer.alloc(1), () => {});
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function isErrnoError(error: unknown): error is Error & { readonly errno: number } {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number';
}
