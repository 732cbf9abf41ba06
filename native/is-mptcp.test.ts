import { expect, test } from 'vitest';
import { decideIsMptcp, type MptcpQuestions } from './is-mptcp.ts';

const ENOPROTOOPT = 92;
const EOPNOTSUPP = 95;

function unasked(): never {
  throw new Error('This question was not to be asked.');
}

const nothingMore: MptcpQuestions = {
  isMptcpOption: unasked,
  mptcpInfoOption: unasked,
  protocol: unasked,
  kernelHasMptcpInfo: unasked,
};

// Before Linux 6.10 there is no direct answer.
const olderKernel: MptcpQuestions = { ...nothingMore, isMptcpOption: () => -ENOPROTOOPT };
const askedForMptcp: MptcpQuestions = { ...olderKernel, protocol: () => 262 };

test.each([
  [1, true],
  [0, false],
])('Linux 6.10 answers %i itself', (answer, expected) => {
  expect(decideIsMptcp({ ...nothingMore, isMptcpOption: () => answer })).toBe(expected);
});

test('older kernels: a socket that never asked for MPTCP is none', () => {
  expect(decideIsMptcp({ ...olderKernel, protocol: () => 6 })).toBe(false);
});

test('older kernels: MPTCP takes its own options', () => {
  expect(decideIsMptcp({ ...askedForMptcp, mptcpInfoOption: () => 0 })).toBe(true);
});

test.each([ENOPROTOOPT, EOPNOTSUPP])('older kernels: a fallback refuses them with errno %i', (errno) => {
  const questions = { ...askedForMptcp, mptcpInfoOption: () => -errno, kernelHasMptcpInfo: () => true };
  expect(decideIsMptcp(questions)).toBe(false);
});

test('before 5.16 every socket refuses them, so nothing is claimed', () => {
  const questions = { ...askedForMptcp, mptcpInfoOption: () => -EOPNOTSUPP, kernelHasMptcpInfo: () => false };
  expect(() => decideIsMptcp(questions)).toThrow('It takes Linux 5.16 or newer');
});

test('a descriptor that is no socket is an error, not a fallback', () => {
  expect(() => decideIsMptcp({ ...nothingMore, isMptcpOption: () => -88 })).toThrow('ENOTSOCK');
});
