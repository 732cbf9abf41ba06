import { expect, test } from 'vitest';
import { checkLines } from './checks.ts';

test('every check has its mark, and what fails has what fixes it', () => {
  expect(
    checkLines([
      { id: 'paths', severity: 'info', passed: true, text: '2 paths, 1 Gbit/s.' },
      {
        id: 'mptcp-kernel',
        severity: 'error',
        passed: false,
        text: 'The kernel of rack2 does not speak MPTCP.',
        remedy: 'Fix it, or migrate with --mptcp prefer.',
        command: 'sysctl -w net.mptcp.enabled=1',
      },
      { id: 'memory', severity: 'error', passed: false, text: 'Not enough memory.', acceptable: true },
      {
        id: 'mtu',
        severity: 'warning',
        passed: false,
        text: 'MTUs differ.',
        command: 'ip a  # on the source\nip b  # on the destination',
      },
    ]).split('\n'),
  ).toEqual([
    '✓ 2 paths, 1 Gbit/s.',
    'x The kernel of rack2 does not speak MPTCP.',
    '    Fix it, or migrate with --mptcp prefer.',
    '    sysctl -w net.mptcp.enabled=1',
    'x Not enough memory.',
    '    or continue in spite of it: --accept memory',
    '! MTUs differ.',
    '    ip a # on the source',
    '    ip b # on the destination',
  ]);
});
