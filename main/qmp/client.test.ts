import { describe, expect, test } from 'vitest';
import { Fd } from '#native/fd.ts';
import { QmpClient, type ConnectOptions } from './client.ts';
import type { QmpError } from './fault.ts';
import type { JsonObject } from './json.ts';
import type { LateReply } from './ledger.ts';
import type { RawEvent } from './messages.ts';
import { FakeMonitor, Refusal, qemuGreeting, type FakeFault, type FakeMonitorOptions } from './testing/fake-monitor.ts';
import { faultOf } from './testing/fault-of.ts';

const running = { status: 'running', running: true };

async function start(
  options: FakeMonitorOptions = {},
  connectOptions: ConnectOptions = {},
): Promise<{ monitor: FakeMonitor; client: QmpClient }> {
  const monitor = new FakeMonitor({ handlers: { 'query-status': () => running, cont: () => ({}) }, ...options });
  const client = await QmpClient.connect({ transport: monitor.connect() }, { monitor: 'guest', ...connectOptions });
  return { monitor, client };
}

const onFirst =
  (fault: FakeFault): NonNullable<FakeMonitorOptions['faultAt']> =>
  (_request, step) =>
    step === 0 ? fault : undefined;

describe('connecting', () => {
  test('negotiates oob where it is offered', async () => {
    const { monitor, client } = await start();
    expect([client.greeting, client.outOfBand, monitor.requests.map(({ command, args }) => [command, args])]).toEqual([
      { version: { major: 7, minor: 2, micro: 22, package: 'fake' }, capabilities: ['oob'] },
      true,
      [['qmp_capabilities', { enable: ['oob'] }]],
    ]);
  });

  test('negotiates nothing where nothing is offered', async () => {
    const { monitor, client } = await start({ greeting: qemuGreeting.replace('"oob"', '') });
    expect([client.outOfBand, monitor.requests.map(({ args }) => args)]).toEqual([false, [{}]]);
  });

  test('is understood byte by byte', async () => {
    const { client } = await start({ chunkBytes: 1 });
    await expect(client.execute('query-status')).resolves.toEqual(running);
  });

  test('without a greeting in time reports that another client holds the monitor', async () => {
    const error: QmpError = await start({ greeting: '' }, { connectTimeoutMs: 20 }).then(
      () => expect.unreachable(),
      (reason: QmpError) => reason,
    );
    expect([error.fault, error.failure.text]).toEqual([
      { kind: 'no-greeting', afterMs: 20 },
      'The monitor of guest is held by another program: QEMU serves one client at a time and has not greeted this one.',
    ]);
  });

  test('with a greeting and no negotiation says that the main loop is stuck', async () => {
    const fault = await faultOf(
      start({ faultAt: (_request, step) => (step === -1 ? { kind: 'hang' } : undefined) }, { connectTimeoutMs: 20 }),
    );
    expect(fault).toEqual({ kind: 'no-negotiation', afterMs: 20 });
  });

  test.each([
    ['a human monitor', "QEMU 7.2.22 monitor - type 'help'", "QEMU 7.2.22 monitor - type 'help'"],
    ['another JSON server', '{"hello":"world"}', '{"hello":"world"}'],
    ['a greeting without a version', '{"QMP":{"capabilities":[]}}', '{"QMP":{"capabilities":[]}}'],
    ['an event first', '{"event":"STOP"}', '{"event":"STOP"}'],
  ])('to %s is refused at once', async (_what, greeting, excerpt) => {
    await expect(faultOf(start({ greeting }))).resolves.toEqual({ kind: 'not-a-monitor', excerpt });
  });

  test('can be given up', async () => {
    const controller = new AbortController();
    const connecting = start({ greeting: '' }, { signal: controller.signal });
    controller.abort();
    await expect(faultOf(connecting)).resolves.toEqual({ kind: 'cancelled', command: 'connect', effect: 'none' });
  });

  test('to one who hangs up is unreachable', async () => {
    const monitor = new FakeMonitor({ greeting: '' });
    const connecting = QmpClient.connect({ transport: monitor.connect() });
    monitor.disconnect();
    await expect(faultOf(connecting)).resolves.toMatchObject({ kind: 'unreachable', code: 'ECONNRESET' });
  });

  test('loses no event that comes with the greeting', async () => {
    const events: RawEvent[] = [];
    await start(
      { greeting: `${qemuGreeting}\r\n{"event":"STOP","timestamp":{"seconds":-1,"microseconds":-1}}` },
      { onEvent: (event) => events.push(event) },
    );
    expect(events).toEqual([{ name: 'STOP', data: {} }]);
  });
});

describe('a command', () => {
  test('gets its own answer, although that of a later one comes first', async () => {
    const { client } = await start({
      handlers: { 'query-status': () => running, 'query-yank': () => [{ type: 'migration' }] },
      faultAt: onFirst({ kind: 'late', delayMs: 10 }),
    });
    const answered: unknown[] = [];
    await Promise.all([
      client.execute('query-status').then((answer) => answered.push(answer)),
      client.executeOutOfBand('query-yank').then((answer) => answered.push(answer)),
    ]);
    expect(answered).toEqual([[{ type: 'migration' }], running]);
  });

  test('carries its 64-bit integers both ways', async () => {
    const { client } = await start({ handlers: { echo: (args) => args } });
    const args = { a: 2n ** 64n - 1n, b: 5 };
    await expect(client.executeRaw('echo', args)).resolves.toEqual(args);
  });

  test('that QEMU refuses fails with its class and its words', async () => {
    const { client } = await start({
      handlers: {
        cont: () => {
          throw new Refusal('Migration is not finalized yet', 'MigrationExpected');
        },
      },
    });
    await expect(faultOf(client.execute('cont'))).resolves.toEqual({
      kind: 'refused',
      command: 'cont',
      class: 'MigrationExpected',
      description: 'Migration is not finalized yet',
    });
  });

  test('whose answer has another shape than its schema is malformed', async () => {
    const { client } = await start({ handlers: { 'query-status': () => ({ status: 'running', running: 'yes' }) } });
    await expect(faultOf(client.execute('query-status'))).resolves.toEqual({
      kind: 'malformed',
      command: 'query-status',
      path: '$.running',
      expected: 'true or false',
    });
  });

  test('that cannot be written exactly is not sent', async () => {
    const { monitor, client } = await start();
    const fault = await faultOf(client.executeRaw('migrate-set-parameters', { 'max-bandwidth': 2 ** 60 }));
    expect([fault, monitor.requests.length]).toEqual([
      {
        kind: 'unsendable',
        command: 'migrate-set-parameters',
        path: '$.arguments.max-bandwidth',
        reason: '$.arguments.max-bandwidth is 1152921504606847000, which has lost digits; pass a bigint',
      },
      1,
    ]);
  });

  test('without an answer in time may have taken effect, and reports when it is answered after all', async () => {
    const late = Promise.withResolvers<LateReply>();
    const { client } = await start({ faultAt: onFirst({ kind: 'late', delayMs: 40 }) }, { onLateReply: late.resolve });
    const fault = await faultOf(client.execute('cont', {}, { timeoutMs: 10 }));
    expect([fault, await late.promise]).toEqual([
      { kind: 'timeout', command: 'cont', afterMs: 10, effect: 'unknown' },
      { command: 'cont', outcome: { kind: 'returned', value: {} } },
    ]);
  });

  test('can be given up, and may have taken effect', async () => {
    const controller = new AbortController();
    const { client } = await start({ faultAt: onFirst({ kind: 'hang' }) });
    const asked = faultOf(client.execute('cont', {}, { signal: controller.signal }));
    controller.abort();
    await expect(asked).resolves.toEqual({ kind: 'cancelled', command: 'cont', effect: 'unknown' });
  });

  test('given up before it is given is never sent', async () => {
    const { monitor, client } = await start();
    const fault = await faultOf(client.execute('cont', {}, { signal: AbortSignal.abort() }));
    expect([fault, monitor.requests.length]).toEqual([{ kind: 'cancelled', command: 'cont', effect: 'none' }, 1]);
  });
});

describe('when the main loop is stuck', () => {
  const stuck: FakeMonitorOptions = {
    handlers: { 'query-status': () => running, yank: () => ({}) },
    faultAt: onFirst({ kind: 'hang' }),
  };

  test('seven commands are sent and the eighth waits, so that QEMU continues reading', async () => {
    const { monitor, client } = await start(stuck);
    const faults = await Promise.all(
      Array.from({ length: 8 }, async () => faultOf(client.execute('query-status', {}, { timeoutMs: 20 }))),
    );
    expect([monitor.requests.length - 1, faults.map((fault) => fault && 'effect' in fault && fault.effect)]).toEqual([
      7,
      [...Array<string>(7).fill('unknown'), 'none'],
    ]);
  });

  test('a command given up keeps its place in the queue, where it still is for QEMU', async () => {
    const { monitor, client } = await start(stuck);
    await Promise.all(
      Array.from({ length: 7 }, async () => faultOf(client.execute('query-status', {}, { timeoutMs: 5 }))),
    );
    const fault = await faultOf(client.execute('cont', {}, { timeoutMs: 5 }));
    expect([fault, monitor.requests.length - 1]).toEqual([
      { kind: 'timeout', command: 'cont', afterMs: 5, effect: 'none' },
      7,
    ]);
  });

  test('an out-of-band command is answered', async () => {
    const { monitor, client } = await start(stuck);
    const blocked = Array.from({ length: 9 }, async () => faultOf(client.execute('query-status')));
    await client.executeOutOfBand('yank', { instances: [{ type: 'migration' }] });
    await client.close();
    await Promise.all(blocked);
    expect(monitor.requests.at(-1)).toMatchObject({
      command: 'yank',
      lane: 'out-of-band',
      args: { instances: [{ type: 'migration' }] },
    });
  });

  test('the queue continues once QEMU does', async () => {
    const { client } = await start({ ...stuck, faultAt: onFirst({ kind: 'late', delayMs: 10 }) });
    const answers = await Promise.all(Array.from({ length: 20 }, async () => client.execute('query-status')));
    expect(answers).toEqual(Array.from({ length: 20 }, () => running));
  });
});

test('an out-of-band command is refused here where QEMU does not offer it', async () => {
  const { client } = await start({ greeting: qemuGreeting.replace('"oob"', '') });
  await expect(faultOf(client.executeOutOfBand('query-yank'))).resolves.toEqual({
    kind: 'unsupported',
    command: 'query-yank',
    needs: 'out-of-band',
  });
});

describe('the end of the connection', () => {
  test.each<[FakeFault['kind'] & `disconnect-${string}`, boolean]>([
    ['disconnect-before', false],
    ['disconnect-after', true],
  ])('looks the same to the caller with %s: the effect is unknown', async (kind, happened) => {
    let effects = 0;
    const { client } = await start({
      handlers: {
        cont: () => {
          effects += 1;
          return {};
        },
      },
      faultAt: onFirst({ kind }),
    });
    const fault = await faultOf(client.execute('cont'));
    expect([fault, effects > 0]).toEqual([
      { kind: 'disconnected', command: 'cont', effect: 'unknown', reason: { kind: 'closed-by-peer' } },
      happened,
    ]);
  });

  test('reaches every command that waits, and distinguishes the sent from the unsent', async () => {
    const { monitor, client } = await start({ faultAt: onFirst({ kind: 'hang' }) });
    const asked = Array.from({ length: 9 }, async () => faultOf(client.execute('query-status')));
    monitor.disconnect();
    const faults = await Promise.all(asked);
    expect(faults.map((fault) => fault?.kind === 'disconnected' && fault.effect)).toEqual([
      ...Array<string>(7).fill('unknown'),
      'none',
      'none',
    ]);
  });

  test('reaches those who come later', async () => {
    const { client } = await start();
    await client.close();
    await expect(faultOf(client.execute('cont'))).resolves.toEqual({
      kind: 'disconnected',
      command: 'cont',
      effect: 'none',
      reason: { kind: 'closed-here' },
    });
  });

  test.each<[string, string, ConnectOptions, unknown]>([
    ['garbage', 'Segmentation fault', {}, { kind: 'garbage', excerpt: 'Segmentation fault' }],
    ['brackets that are no JSON', '{"a" 1}', {}, { kind: 'garbage', excerpt: '{"a" 1}' }],
    [
      'an oversized message',
      `{"a":"${'x'.repeat(200)}"}`,
      { maxFrameBytes: 150 },
      { kind: 'oversized', limitBytes: 150 },
    ],
  ])('comes from us on %s', async (_what, line, options, violation) => {
    const { monitor, client } = await start({}, options);
    monitor.sendLine(line);
    await expect(client.closed).resolves.toEqual({ kind: 'violation', violation });
  });
});

describe('events', () => {
  test('come typed, with their time', async () => {
    const { monitor, client } = await start();
    const statuses: unknown[] = [];
    client.on('MIGRATION', ({ data, atEpochMs }) => statuses.push([data.status, atEpochMs]));
    monitor.emit('MIGRATION', { status: 'active' });
    monitor.emit('STOP');
    monitor.emit('MIGRATION', { status: 'a-status-of-tomorrow' });
    await client.execute('query-status');
    expect(statuses).toEqual([
      ['active', 1_700_000_000_000.5],
      ['a-status-of-tomorrow', 1_700_000_000_000.5],
    ]);
  });

  test('stop coming once they are not wanted', async () => {
    const { monitor, client } = await start();
    const names: string[] = [];
    const stop = client.onAny(({ name }) => names.push(name));
    monitor.emit('STOP');
    await client.execute('query-status');
    stop();
    monitor.emit('RESUME');
    await client.execute('query-status');
    expect(names).toEqual(['STOP']);
  });
});

test.each<[string, JsonObject]>([
  ['an answer with an unknown id', { return: {}, id: 4711 }],
  ['an answer with the id of another client', { return: {}, id: 'libvirt-5' }],
  ['an error without an id', { error: { class: 'GenericError', desc: 'JSON parse error' } }],
  ['a message of no known kind', { hello: 'world' }],
  ['a second greeting', JSON.parse(qemuGreeting)],
])('%s is dropped and counted', async (_what, message) => {
  const { monitor, client } = await start();
  monitor.sendLine(JSON.stringify(message));
  await client.execute('query-status');
  expect(client.droppedMessages).toBe(1);
});

test('an event in an unknown shape is counted, and not passed to listeners that rely on its shape', async () => {
  const { monitor, client } = await start();
  const seen: unknown[] = [];
  client.on('MIGRATION', (event) => seen.push(event));
  monitor.emit('MIGRATION', { status: 5 });
  await client.execute('query-status');
  expect([client.droppedMessages, seen]).toEqual([1, []]);
});

describe('descriptors', () => {
  // A number that is never opened, only passed on.
  const descriptor = new Fd(1_000_000);

  test('travel with the getfd that names them', async () => {
    const { monitor, client } = await start({ handlers: { getfd: () => ({}) } });
    await client.passDescriptor('migration', descriptor);
    expect(monitor.requests.at(-1)).toMatchObject({
      command: 'getfd',
      args: { fdname: 'migration' },
      descriptors: [descriptor],
    });
  });

  test('go one at a time, because QEMU keeps those of one message only', async () => {
    const { monitor, client } = await start({ handlers: { getfd: () => ({}) }, faultAt: onFirst({ kind: 'hang' }) });
    const faults = await Promise.all(
      ['a', 'b'].map(async (name) => faultOf(client.passDescriptor(name, descriptor, { timeoutMs: 10 }))),
    );
    expect([faults.map((fault) => fault && 'effect' in fault && fault.effect), monitor.requests.length - 1]).toEqual([
      ['unknown', 'none'],
      1,
    ]);
  });

  test('are refused where the transport cannot carry them', async () => {
    const { stream } = new FakeMonitor().connect();
    const client = await QmpClient.connect({ transport: { stream } });
    await expect(faultOf(client.passDescriptor('migration', descriptor))).resolves.toEqual({
      kind: 'unsupported',
      command: 'getfd',
      needs: 'file-descriptors',
    });
  });

  test.each([
    ['EBADF', true],
    ['ETIMEDOUT', false],
  ])('that the kernel refuses with %s fail their command; the connection survives: %s', async (code, survives) => {
    const { stream } = new FakeMonitor({ handlers: { cont: () => ({}) } }).connect();
    const refuse = (): never => {
      throw Object.assign(new Error('refused'), { code });
    };
    const client = await QmpClient.connect({ transport: { stream, sendWithDescriptors: refuse } });
    const faults = [
      await faultOf(client.passDescriptor('migration', descriptor)),
      await faultOf(client.execute('cont')),
    ];
    expect(faults.map((fault) => fault?.kind)).toEqual(['descriptor-not-sent', survives ? undefined : 'disconnected']);
  });
});
