import { expect, test } from 'vitest';
import { failureSchema, type Failure } from '#contract/errors.ts';
import { outcomeSchema } from '#contract/migration.ts';
import { exitCodeOf, exitCodeOfFailure } from './exit-code.ts';

test('says where the guest is', () => {
  const codes = Object.fromEntries(
    [...outcomeSchema.options, undefined].map((outcome) => [outcome ?? 'none', exitCodeOf(outcome)]),
  );
  expect(codes).toEqual({
    'done-on-destination': 0,
    'safe-on-source': 1,
    'paused-recoverable': 4,
    'stopped-on-source': 4,
    lost: 4,
    unknown: 4,
    none: 4,
  });
});

test('only what was asked wrongly is a usage error', () => {
  const sentences = { text: '', remedy: '' };
  const failures: Failure[] = [
    { kind: 'invalid-request', ...sentences },
    { kind: 'qmp', command: '', class: '', description: '', ...sentences },
    { kind: 'native', syscall: '', errno: 1, code: '', ...sentences },
    { kind: 'unreachable', host: '', ...sentences },
    { kind: 'rejected', phase: '', event: '', ...sentences },
    { kind: 'timeout', afterMs: 1, waitingFor: '', ...sentences },
    { kind: 'cancelled', ...sentences },
    { kind: 'internal', incidentId: '', ...sentences },
  ];
  expect(failures.map((failure) => [failure.kind, exitCodeOfFailure(failure)])).toEqual(
    failureSchema.options.map(({ shape }) => [shape.kind.value, shape.kind.value === 'invalid-request' ? 2 : 1]),
  );
});
