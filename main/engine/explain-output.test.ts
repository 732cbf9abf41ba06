import { expect, test } from 'vitest';
import { explain } from './explain.ts';
import { answering, begun, gone, sees, stateAfter } from './simulation/states.ts';

function afterOutput(raw: string) {
  return explain(
    stateAfter([
      ...begun,
      sees('source', answering('running', 'failed', 'Failed to connect')),
      sees('destination', gone),
      { kind: 'output-kept', side: 'destination', raw },
    ]),
    'migration-failed',
    'source',
  );
}

test.each([
  [
    'a warning of the destination',
    'qemu-kvm: warning: no such feature\nqemu-kvm: Unknown savevm section',
    {
      side: 'destination',
      cause: 'QEMU gave up the migration: Unknown savevm section. The guest is on alpha as before.',
    },
  ],
  [
    'only a warning, and death',
    'qemu-kvm: warning: no such feature\n',
    {
      side: 'destination',
      cause:
        'The QEMU on beta ended without an error message: it was killed, or its host went down. The guest is on alpha as before.',
    },
  ],
])('what was printed is reported as the cause: %s', (_what, raw, expected) => {
  expect(afterOutput(raw)).toMatchObject(expected);
});

test('that we ended the destination ourselves is not why the migration failed', () => {
  const removed = stateAfter([
    ...begun,
    sees('source', answering('running', 'failed', 'Failed to connect')),
    { kind: 'intended', step: 'quit-destination' },
    sees('destination', gone),
    { kind: 'output-kept', side: 'destination', raw: 'qemu-kvm: terminating on signal 15 from pid 4711 (node)\n' },
  ]);
  expect(explain(removed, 'migration-failed', 'source')).toMatchObject({
    side: 'source',
    cause: 'QEMU gave up the migration: Failed to connect. The guest is on alpha as before.',
  });
});
