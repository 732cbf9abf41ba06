import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import type { Fd } from '#native/fd.ts';
import { bind, connectBlocking, listen, openSocket, send } from '#native/socket.ts';
import { tell } from '#e2e/support/stage/back-door.ts';
import { doneOnDestination, safeOnSource } from '#e2e/support/stage/expectations.ts';
import { done, intended } from '#e2e/support/stage/moments.ts';
import { otherProgramOnDestination } from '#e2e/support/stage/other-program.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { SmallDisk } from '#e2e/support/stage/small-disk.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';

const reason = await whyNoLabs();

describe.skipIf(reason !== '')(`before the memory is copied${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make({ guestArguments: ['-device', 'virtio-rng-pci,id=extra'] });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test("case 1: the destination's address cannot be reached", async () => {
    const story = await stage.begin();
    const addresses = [1, 2].map((link) => story.address.replace('.1.', `.${link}.`));
    story.at(done('start-destination'), () => {
      for (const address of addresses) stage.network.refuse(story.source, address);
    });
    await story.end();
    for (const address of addresses) stage.network.allow(story.source, address);
    const reasons = addresses.map((address) => `\\S+ to ${address}\\): Could not connect to ${address}:`);
    expect(await sevenChecks(story)).toEqual(
      safeOnSource({ cause: new RegExp(`No path leads to .*${reasons.join('.*')}`) }),
    );
  });

  test('case 2: the port that was asked for is taken', async () => {
    occupy(stage.request().to, 4444);
    const story = await stage.begin({ request: { incoming: 'tcp:0:4444' } });
    await story.end();
    expect(await sevenChecks(story)).toEqual(
      safeOnSource({ side: 'destination', cause: /Opening the migration port .* Address already in use/ }),
    );
  });

  test('case 2: the next of several ports is taken instead', async () => {
    occupy(stage.request().to, 4444);
    const story = await stage.begin({ request: { incoming: 'tcp:0:4444,to=4446' } });
    await story.end();
    expect(story.entries.flatMap(({ event }) => (event.kind === 'done' ? (event.port ?? []) : []))).toEqual([4445]);
    expect(await sevenChecks(story)).toEqual(doneOnDestination());
  });

  test.each([
    [
      'calls another machine `pc`',
      { pc: 'pc-i440fx-6.2' },
      /Machine type: the source has pc-i440fx-7\.2, the destination would have pc-i440fx-6\.2/,
    ],
    [
      'gives the guest less memory',
      { '65528K': '57344K' },
      /Machine memory: the source has 67100672 bytes, the destination would have 58720256 bytes/,
    ],
  ])('case 3: the destination %s', async (_what, instead, cause) => {
    using program = otherProgramOnDestination({ instead });
    const story = await stage.begin();
    await story.end();
    expect(await sevenChecks(story, () => program.leave())).toEqual(safeOnSource({ side: 'destination', cause }));
  });

  test('case 4: the destination lacks a device', async () => {
    using program = otherProgramOnDestination({ instead: { 'virtio-rng-pci,id=extra': 'pci-bridge,chassis_nr=1' } });
    const story = await stage.begin();
    await story.end();
    expect(await sevenChecks(story, () => program.leave())).toEqual(
      safeOnSource({ side: 'destination', cause: /virtio-rng/ }),
    );
  });

  test("case 5: the destination's processor lacks a feature", async () => {
    using program = otherProgramOnDestination({ more: ['-cpu', 'qemu64,+avx512f,enforce'] });
    const story = await stage.begin();
    await story.end();
    expect(await sevenChecks(story, () => program.leave())).toEqual(
      safeOnSource({ side: 'destination', cause: /Starting the destination .* failed.*avx512f/is }),
    );
  });

  test('case 6: a capability that only one side has', async () => {
    const story = await stage.begin();
    const capabilities = [{ capability: 'multifd', state: true }];
    story.at(
      done('negotiate-capabilities'),
      () => void tell(story.sourcePid, 'migrate-set-capabilities', { capabilities }),
    );
    await story.end();
    tell(story.sourcePid, 'migrate-set-capabilities', { capabilities: [{ capability: 'multifd', state: false }] });
    expect(await sevenChecks(story)).toEqual(safeOnSource({ cause: /./ }));
  });

  describe('a stranger on the migration port', () => {
    test.each<[string, (socket: Fd) => void]>([
      ['hangs up', (socket) => socket[Symbol.dispose]()],
      ['stays', () => undefined],
      ['sends something', (socket) => send(socket, Buffer.from('GET / HTTP/1.0\r\n\r\n'))],
    ])('is named where QEMU listens and it %s', async (_how, then) => {
      const story = await stage.begin();
      using strangers = new DisposableStack();
      story.at(done('listen'), () => then(strangers.use(connectTo(story))));
      await story.end();
      strangers.dispose();
      expect(await sevenChecks(story)).toEqual(
        safeOnSource({
          side: 'destination',
          cause: new RegExp(`\\(${story.source}\\) connected to the migration port \\d+ of ${story.destination}`),
          next: /firewall rule.*--socket app/,
        }),
      );
    });

    test('is turned away and reported where Switchyard listens', async () => {
      const story = await stage.begin({ settings: { socket: 'app' } });
      using strangers = new DisposableStack();
      story.at(done('listen'), () => void strangers.use(connectTo(story)));
      await story.end();
      strangers.dispose();
      const { events } = await stage.application.record(story.id);
      expect(events.flatMap(({ kind, text }) => (kind === 'stranger-connected' ? text : []))).toEqual([
        expect.stringMatching(/connected to the migration port \d+ of .* and was turned away\.$/),
      ]);
      expect(await sevenChecks(story)).toEqual(doneOnDestination());
    });
  });

  describe('case 14', () => {
    afterEach(() => {
      for (const host of stage.premises.hosts) stage.network.setMptcp(host, true);
    });

    test.each(['source', 'destination'] as const)(
      'case 14: the kernel of the %s lacks MPTCP, which is preferred',
      async (side) => {
        const { from, to } = stage.request();
        const host = side === 'source' ? from : to;
        stage.network.setMptcp(host, false);
        const story = await stage.begin();
        await story.end();
        const { transport } = await stage.application.record(story.id);
        expect(transport).toMatchObject({ negotiated: 'tcp', fallback: true, text: expect.stringContaining(host) });
        expect(await sevenChecks(story, () => stage.network.setMptcp(host, true))).toEqual(doneOnDestination());
      },
    );

    test.each([
      ['qemu', /Opening the migration port .* Protocol not available/],
      ['app', /Multipath TCP was required/],
    ] as const)('case 14: it is required, and gone when %s opens the port', async (socket, cause) => {
      const story = await stage.begin({ settings: { mptcp: 'require', socket } });
      story.at(done('start-destination'), () => stage.network.setMptcp(story.destination, false));
      await story.end();
      stage.network.setMptcp(story.destination, true);
      expect(await sevenChecks(story)).toEqual(safeOnSource({ cause }));
    });
  });
});

describe.skipIf(reason !== '')(`a destination without room${reason}`, () => {
  test('case 9: the memory of the destination is used up', async () => {
    using memory = new SmallDisk(join(tmpdir(), `sy-${process.pid}-memory`), { bytes: 100 * 2 ** 20, files: 100 });
    const backend = `memory-backend-file,id=ram,mem-path=${memory.folder},size=65528K,prealloc=on`;
    const guestArguments = ['-object', backend, '-machine', 'memory-backend=ram'];
    await using stage = await Stage.make({ guestArguments });
    const story = await stage.begin();
    await story.end();
    memory.grow(200 * 2 ** 20);
    expect(await sevenChecks(story)).toEqual(
      safeOnSource({ side: 'destination', cause: /Starting the destination .* failed.*memory/is }),
    );
  });

  test('case 10: the disk of the destination is full', async () => {
    await using stage = await Stage.make();
    using disk = new SmallDisk(stage.premises.runtime, { bytes: 2 ** 20, files: 64 });
    const story = await stage.begin();
    story.at(intended('start-destination'), () => disk.fill());
    await story.end();
    disk.empty();
    expect(await sevenChecks(story)).toEqual(
      safeOnSource({ side: 'destination', cause: /Starting the destination .* failed.*(full|No space)/is }),
    );
  });
});

/** Connects from the source's own address, which is not enough to be the source. */
function connectTo({ source, address, port }: Story): Fd {
  const socket = namespacePlace(source).run(() => openSocket('ipv4', 'tcp'));
  connectBlocking(socket, { family: 'ipv4', address, port }, 1000);
  return socket;
}

/** Another program's listener there, for as long as this test takes. */
function occupy(host: string, port: number): void {
  const socket = namespacePlace(host).run(() => openSocket('ipv4', 'tcp'));
  bind(socket, { family: 'ipv4', address: '0.0.0.0', port });
  listen(socket, 1);
  onTestFinished(() => socket[Symbol.dispose]());
}
