import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bareMove, labDown, labLink, labStatus, labUp, labVerify, type BareMove } from './lab.ts';
import { whyNoLabs } from './testing/requirements.ts';

const mebibyte = 2 ** 20;
const lab = `sy-${process.pid}-m`;
const reason = await whyNoLabs();

/** Mbit/s over the time after setup. */
function goodput({ transferredBytes, totalTimeMs, setupTimeMs }: BareMove): number {
  return (transferredBytes * 8) / (totalTimeMs - setupTimeMs) / 1e3;
}

describe.skipIf(reason !== '')(`a guest that is moved${reason}`, () => {
  beforeAll(async () => {
    await labUp({ name: lab, linkRatesBitsPerSecond: [200e6, 200e6], guestMemoryBytes: 64 * mebibyte });
  });
  afterAll(async () => {
    await labDown(lab);
  });
  afterEach(async () => {
    await labLink(lab, 2, 'up');
  });

  test('keeps its memory and its heartbeat, there and back', async () => {
    const moves = [await bareMove(lab, { mptcp: true }), await bareMove(lab, { mptcp: true })];
    expect(moves.map(({ from, to, heartbeat: { boots } }) => ({ from, to, boots }))).toEqual([
      { from: `${lab}-source`, to: `${lab}-destination`, boots: [] },
      { from: `${lab}-destination`, to: `${lab}-source`, boots: [] },
    ]);
    for (const { heartbeat, downtimeMs } of moves) {
      expect(heartbeat.beats).toBeGreaterThan(20);
      // The guest cannot have felt less than QEMU says, bar one beat; nor much more.
      expect(heartbeat.longestGapMs).toBeGreaterThan(downtimeMs - 15);
      expect(heartbeat.longestGapMs).toBeLessThan(downtimeMs + 3000);
    }
    expect(await labVerify(lab)).toMatchObject({ proven: true, host: `${lab}-source` });
  });

  test('leaves one copy, and the files of one', async () => {
    await bareMove(lab, { mptcp: false });
    const { guest, otherCopies, directory } = await labStatus(lab);
    expect([guest?.state, otherCopies]).toEqual(['running', []]);
    expect((await readdir(directory)).filter((name) => name.startsWith('copy-'))).toHaveLength(1);
  });

  test('uses both links with MPTCP and one without', async () => {
    const [tcp, mptcp] = [await bareMove(lab, { mptcp: false }), await bareMove(lab, { mptcp: true })];
    // 1448 of 1514 bytes are payload: 191 of 200 Mbit/s.
    expect(goodput(tcp)).toBeGreaterThan(100);
    expect(goodput(tcp)).toBeLessThan(200);
    expect(goodput(mptcp) / goodput(tcp)).toBeGreaterThan(1.25);
  });

  test('finds nothing behind a silent link, and goes by the other', async () => {
    await labLink(lab, 2, 'silent');
    expect(goodput(await bareMove(lab, { mptcp: true }))).toBeLessThan(200);
    expect((await labVerify(lab)).proven).toBe(true);
  });

  test.each(['down', 'silent'] as const)('survives a link that goes %s under way', async (fault) => {
    const move = bareMove(lab, { mptcp: true, downtimeLimitMs: 1000 });
    await sleep(900);
    await labLink(lab, 2, fault);
    await move;
    expect(await labVerify(lab)).toMatchObject({ proven: true });
  });
});

describe.skipIf(reason !== '')(`a guest that never sleeps${reason}`, () => {
  afterEach(async () => {
    await labDown(lab);
  });

  test('keeps its memory too', async () => {
    await labUp({ name: lab, guestMemoryBytes: 32 * mebibyte, guestWalkBytes: 16 * mebibyte, guestPace: 'max' });
    const { heartbeat } = await bareMove(lab, { mptcp: true, downtimeLimitMs: 3000 });
    const proof = await labVerify(lab);
    expect([proof, heartbeat.boots]).toEqual([expect.objectContaining({ proven: true }), []]);
    expect(heartbeat.beats).toBeGreaterThan(2);
  });
});
