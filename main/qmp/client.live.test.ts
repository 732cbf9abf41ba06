import { spawnSync } from 'node:child_process';
import { openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Fd } from '#native/fd.ts';
import { QmpClient } from './client.ts';
import { probeQemuFeatures } from './features.ts';
import { maxInBandInFlight } from './ledger.ts';
import { RealQemu, whyNoQemu } from './testing/real-qemu.ts';
import { faultOf } from './testing/fault-of.ts';

const obstacle = whyNoQemu();
if (obstacle) process.stderr.write(`skipped: tests of a real monitor, because ${obstacle}\n`);

describe.skipIf(obstacle !== undefined)('the monitor of a real QEMU', () => {
  test('greets, and takes commands out of band', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    expect([client.greeting.capabilities, client.outOfBand, await client.executeOutOfBand('query-yank')]).toEqual([
      ['oob'],
      true,
      expect.any(Array),
    ]);
  });

  test('greets at once, twenty times', async () => {
    await using qemu = await RealQemu.start();
    const timesMs: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const startMs = performance.now();
      const client = await connect(qemu);
      timesMs.push(performance.now() - startMs);
      await client.close();
    }
    const medianMs = timesMs.toSorted((a, b) => a - b)[10] ?? 0;
    process.stderr.write(`connect, greeting and negotiation: median ${medianMs.toFixed(2)} ms\n`);
    expect(medianMs).toBeLessThan(1000);
  });

  test('reports its features', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    const features = await probeQemuFeatures(client);
    expect({
      mptcp: features.mptcp,
      hasReturnPath: features.migrationCapabilities.includes('return-path'),
      hasMultifd: features.migrationParameters.includes('multifd-channels'),
      hasCompleted: features.migrationStatuses.includes('completed'),
      outOfBand: ['yank', 'query-yank', 'migrate-pause', 'migrate-recover'].filter(
        (name) => !features.outOfBandCommands.includes(name),
      ),
    }).toEqual({ mptcp: true, hasReturnPath: true, hasMultifd: true, hasCompleted: true, outOfBand: [] });
  });

  test('has the shapes that the schema promises', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    await expect(
      Promise.all([
        client.execute('query-status'),
        client.execute('query-uuid'),
        client.execute('query-name'),
        client.execute('query-kvm'),
        client.execute('query-version'),
        client.execute('query-migrate'),
        client.execute('query-migrate-capabilities'),
        client.execute('query-migrate-parameters'),
        client.execute('query-dirty-rate'),
        client.execute('query-block'),
        client.execute('query-block-jobs'),
        client.execute('query-block-exports'),
      ]),
    ).resolves.toHaveLength(12);
  });

  test('keeps every digit of a 64-bit parameter, both ways', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    const widest = 2n ** 63n - 1n;
    await client.execute('migrate-set-parameters', { 'max-bandwidth': widest });
    const { 'max-bandwidth': read } = await client.execute('query-migrate-parameters');
    expect(read).toBe(widest);
  });

  test('takes a descriptor, and has it until it is closed', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    using file = new Fd(openSync('/dev/null', 'r'));
    await client.passDescriptor('the-null-device', file);
    await client.execute('closefd', { fdname: 'the-null-device' });
    const gone = await faultOf(client.execute('closefd', { fdname: 'the-null-device' }));
    expect(gone).toMatchObject({ kind: 'refused', command: 'closefd' });
  });

  test('takes many descriptors given at once, between other commands', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    using file = new Fd(openSync('/dev/null', 'r'));
    const names = Array.from({ length: 30 }, (_, index) => `fd-${index}`);
    await Promise.all(names.flatMap((name) => [client.passDescriptor(name, file), client.execute('query-status')]));
    await expect(Promise.all(names.map((fdname) => client.execute('closefd', { fdname })))).resolves.toHaveLength(30);
  });

  test('a descriptor that is not open fails its command only', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    const fault = await faultOf(client.passDescriptor('none', new Fd(1_000_000)));
    expect([fault, await client.execute('query-status')]).toMatchObject([
      { kind: 'descriptor-not-sent', code: 'EBADF' },
      { running: false },
    ]);
  });

  test('does not greet a second client, and greets the next once the first has gone', async () => {
    await using qemu = await RealQemu.start();
    const first = await connect(qemu);
    const second = await faultOf(QmpClient.connect({ path: qemu.monitorPath }, { connectTimeoutMs: 200 }));
    await first.close();
    await using third = await connect(qemu);
    expect([second, third.outOfBand]).toEqual([{ kind: 'no-greeting', afterMs: 200 }, true]);
  });

  test('says to the first and to the fifth that waits that it is held, and serves all in turn', async () => {
    await using qemu = await RealQemu.start();
    const holder = await connect(qemu);
    const tooEarly = await Promise.all(
      Array.from({ length: 5 }, async () =>
        faultOf(QmpClient.connect({ path: qemu.monitorPath }, { connectTimeoutMs: 100 })),
      ),
    );
    const visits = Array.from({ length: 5 }, async () => {
      await using visitor = await connect(qemu);
      return visitor.outOfBand;
    });
    await holder.close();
    expect([tooEarly.map((fault) => fault?.kind), await Promise.all(visits)]).toEqual([
      Array.from({ length: 5 }, () => 'no-greeting'),
      Array.from({ length: 5 }, () => true),
    ]);
  });

  test('is read also in its pretty form, over many lines', async () => {
    await using qemu = await RealQemu.start(
      '-chardev',
      'socket,id=second,path=pretty.sock,server=on,wait=off',
      '-mon',
      'chardev=second,mode=control,pretty=on',
    );
    await using client = await QmpClient.connect({ path: join(qemu.directory, 'pretty.sock') });
    await expect(client.execute('query-status')).resolves.toMatchObject({ running: false });
  });

  test('reports its end, then ends', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    const reasons: unknown[] = [];
    client.on('SHUTDOWN', ({ data }) => reasons.push(data));
    await client.execute('quit');
    await qemu.exited();
    expect([reasons, await client.closed]).toEqual([
      [{ guest: false, reason: 'host-qmp-quit' }],
      { kind: 'closed-by-peer' },
    ]);
  });

  test('killed, ends every command with an unknown effect', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    qemu.signal('SIGSTOP');
    const asked = faultOf(client.execute('query-status'));
    qemu.signal('SIGKILL');
    expect(await asked).toMatchObject({ kind: 'disconnected', effect: 'unknown' });
  });
});

describe.skipIf(obstacle !== undefined)('a real QEMU whose main loop is stuck', () => {
  test('answers out of band, with as many commands waiting as we ever send', async () => {
    await using qemu = await RealQemu.start();
    await using client = await connect(qemu);
    const { released } = await stick(qemu, client);
    const waiting = Array.from({ length: maxInBandInFlight + 5 }, async () => faultOf(client.execute('query-status')));
    await sleep(50);
    const answer = await client.executeOutOfBand('query-yank', {}, { timeoutMs: 1000 });
    await client.close();
    await Promise.all([released, ...waiting]);
    expect(answer).toEqual(expect.any(Array));
  });

  test('greets a new client and does not negotiate with it', async () => {
    await using qemu = await RealQemu.start();
    const client = await connect(qemu);
    const { released } = await stick(qemu, client);
    await client.close();
    await released;
    const fault = await faultOf(QmpClient.connect({ path: qemu.monitorPath }, { connectTimeoutMs: 300 }));
    expect(fault).toEqual({ kind: 'no-negotiation', afterMs: 300 });
  });
});

test.skipIf(obstacle !== undefined)('200 sessions leave no descriptor behind', async () => {
  await using qemu = await RealQemu.start();
  const openDescriptors = (): number => readdirSync('/proc/self/fd').length;
  await (await connect(qemu)).close();
  const before = openDescriptors();
  for (let round = 0; round < 200; round += 1) {
    await using client = await connect(qemu);
    await client.execute('query-status');
  }
  expect(openDescriptors()).toBe(before);
});

async function connect(qemu: RealQemu): Promise<QmpClient> {
  return QmpClient.connect({ path: qemu.monitorPath }, { connectTimeoutMs: 2000 });
}

/** Makes the main loop wait for the reader of a FIFO, who never comes. */
async function stick(qemu: RealQemu, client: QmpClient): Promise<{ readonly released: Promise<unknown> }> {
  const filename = join(qemu.directory, 'fifo');
  spawnSync('mkfifo', [filename]);
  const released = faultOf(client.execute('pmemsave', { val: 0, size: 1, filename }));
  await sleep(50);
  return { released };
}
