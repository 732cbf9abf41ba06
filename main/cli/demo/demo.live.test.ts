import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { BuiltCli } from '#main/cli/testing/built-cli.ts';

const reason = await whyNoLabs();

const moveSchema = z.object({
  migrationId: z.string(),
  negotiated: z.string(),
  goodputBitsPerSecond: z.number(),
  payloadEfficiencyFraction: z.number(),
  guestDowntimeMs: z.number(),
  downtimeMs: z.number(),
  silenceMs: z.number(),
  paths: z.array(z.object({ interface: z.string(), shareFraction: z.number() })),
  memory: z.object({ proven: z.boolean() }),
});
const demoSchema = z.object({
  schema: z.literal('switchyard.demo/1'),
  tcp: moveSchema,
  mptcp: moveSchema,
  speedUp: z.number(),
});

describe.skipIf(reason !== '')(`the demo${reason}`, () => {
  let cli: BuiltCli;
  beforeAll(async () => {
    cli = await BuiltCli.make();
  });
  afterAll(() => cli[Symbol.asyncDispose]());

  /** Another demo may run beside this one: only its own lab counts. */
  async function isGone(told: string): Promise<boolean> {
    const name = /^Lab (demo\S*):/m.exec(told)?.[1];
    const labs = z.array(z.string()).parse(JSON.parse((await cli.run('lab', 'list', '--json')).stdout));
    return name !== undefined && !labs.includes(name);
  }

  test('moves there by TCP and back by MPTCP, proves the memory, compares, and leaves nothing', async () => {
    const { code, stdout, stderr } = await cli.run('demo', '--json');
    const { tcp, mptcp, speedUp } = demoSchema.parse(JSON.parse(stdout));
    expect([code, tcp.memory.proven, mptcp.memory.proven, await isGone(stderr)]).toEqual([0, true, true, true]);
    expect([
      [tcp.negotiated, tcp.paths.map((path) => path.interface)],
      [mptcp.negotiated, mptcp.paths.map((path) => path.interface)],
    ]).toEqual([
      ['tcp', ['eth1']],
      ['mptcp', ['eth1', 'eth2']],
    ]);
    // What it is on a machine that has nothing else to do, bench/ measures; a busy one still shows which is faster.
    expect(speedUp).toBeGreaterThan(1.3);
    // The guest's silence is longer by up to a heartbeat, and by how busy the machine is; it may be shorter by one as well.
    expect(tcp.silenceMs).toBeGreaterThan(tcp.guestDowntimeMs - 50);
    expect(tcp.guestDowntimeMs).toBeGreaterThanOrEqual(tcp.downtimeMs - 20);
    expect((await cli.run('show', mptcp.migrationId)).code).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s in the middle of a move ends it, and leaves nothing',
    async (signal) => {
      const running = cli.start('demo');
      await running.saysOnStdout(/by TCP\./);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      running.child.kill(signal);
      const { code, stdout, stderr } = await running.ended;
      expect([code, stdout.includes('Removing the lab.'), stderr.includes('Stopped before it was done')]).toEqual([
        1,
        true,
        true,
      ]);
      const open = z
        .array(z.object({ open: z.boolean() }))
        .parse(JSON.parse((await cli.run('history', '--json')).stdout));
      expect([await isGone(stdout), open.filter((row) => row.open)]).toEqual([true, []]);
    },
  );
});
