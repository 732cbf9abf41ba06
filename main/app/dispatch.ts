import { commands, isCommandName, type CommandName, type Handlers } from '#contract/channels.ts';
import { invalidRequest, SwitchyardError, toFailure, type Failure, type ReportFault } from '#contract/errors.ts';
import { failed, ok, type Result } from '#contract/result.ts';
import type { Milliseconds } from '#contract/units.ts';
import { createRedactor } from '#main/redaction/redact.ts';
import { Allowance, limitOf } from './rate-limit.ts';
import { judgeSize, mostRequestBytes } from './request-size.ts';

/** Answers of this kind only: a value or a failure, never an exception, never a stack. */
export type AnyAnswer = Result<unknown, Failure>;
export type Dispatch<Caller> = (name: unknown, request: unknown, caller: Caller) => Promise<AnyAnswer>;

export interface DispatchOptions {
  readonly monoMs: () => Milliseconds;
  /** Gets what a window must not see: the stack of a fault of ours. The window is given its incident id. */
  readonly report: ReportFault;
}

/** Requests of one window that wait for their answers; a window that asks more is not one of ours. */
const mostUnderWay = 32;

interface Account {
  readonly allowances: Map<CommandName, Allowance>;
  underWay: number;
}

/**
 * The one door from windows to the handlers. Everything that comes in is checked in the order of what the check costs: name,
 * how often, how much, what shape; only then does a handler see it.
 */
export function makeDispatch<Caller extends object>(
  handlers: Handlers<Caller>,
  { monoMs, report }: DispatchOptions,
): Dispatch<Caller> {
  const accounts = new WeakMap<Caller, Account>();

  const accountOf = (caller: Caller): Account => {
    const account = accounts.get(caller) ?? { allowances: new Map(), underWay: 0 };
    accounts.set(caller, account);
    return account;
  };

  const admit = (name: unknown, request: unknown, account: Account): CommandName => {
    if (typeof name !== 'string' || !isCommandName(name)) throw unknownCommand();
    const now = monoMs();
    const allowance = account.allowances.get(name) ?? new Allowance(limitOf(name), now);
    account.allowances.set(name, allowance);
    if (!allowance.take(now) || account.underWay >= mostUnderWay) throw tooMany(name);
    const size = judgeSize(request);
    if (size === 'too-large') throw tooLarge();
    if (size === 'not-plain') throw notPlain();
    return name;
  };

  return async (name, request, caller) => {
    const account = accountOf(caller);
    try {
      const command = admit(name, request, account);
      account.underWay += 1;
      try {
        return ok(await carryOut(command, request, handlers, caller));
      } finally {
        account.underWay -= 1;
      }
    } catch (thrown) {
      return failed(createRedactor().redact(toFailure(thrown, report)));
    }
  };
}

/** For what cannot even be taken for a request: text that is no JSON, a message without a command. */
export function notARequest(): AnyAnswer {
  return failed(notPlain().failure);
}

/**
 * A handler for all that its schema accepts. That a command's schema and its handler stand under one name is more than
 * the compiler can follow; declared as a method, this takes the narrower functions of the table.
 */
interface AnyHandler<Caller> {
  handle(request: unknown, caller: Caller): Promise<unknown>;
}
type AnyHandlers<Caller> = Readonly<Record<CommandName, AnyHandler<Caller>['handle']>>;

async function carryOut<Caller>(
  name: CommandName,
  request: unknown,
  handlers: AnyHandlers<Caller>,
  caller: Caller,
): Promise<unknown> {
  const { data, error } = commands[name].request.safeParse(request);
  if (error) throw malformed(error.issues);
  return handlers[name](data, caller);
}

/** Enough to find the member; a page of a stranger's text is not repeated to the operator. */
const mostWords = 200;

function malformed(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): SwitchyardError {
  const [issue] = issues;
  const path = issue?.path.map(String).join('.').slice(0, mostWords) ?? '';
  const message = issue?.message.slice(0, mostWords) ?? 'it is not valid';
  return invalidRequest(
    `The request does not have the shape of its command: ${path === '' ? '' : `${path}: `}${message}.`,
    'Reload the window; if it happens again, report it.',
    path === '' ? undefined : path,
  );
}

function unknownCommand(): SwitchyardError {
  return invalidRequest('There is no such command.', 'Reload the window; if it happens again, report it.');
}

function tooLarge(): SwitchyardError {
  return invalidRequest(
    `The request is larger than ${mostRequestBytes / 1024} KiB, and was not read.`,
    'Reload the window; if it happens again, report it.',
  );
}

function notPlain(): SwitchyardError {
  return invalidRequest('The request is not plain data.', 'Reload the window; if it happens again, report it.');
}

function tooMany(name: CommandName): SwitchyardError {
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'any',
    event: name,
    text: 'This window asks faster than it can be answered.',
    remedy: 'Wait a second, then try again.',
  });
}
