import { expect, test } from 'vitest';
import { readQemuFeatures, type QemuFeatures } from '#main/qmp/features.ts';
import { rehearse, rehearsedPort, rehearsedSocket } from './rehearsal.ts';

const debian12: QemuFeatures = {
  ...readQemuFeatures({ major: 7, minor: 2, micro: 22, package: '' }, []),
  mptcp: true,
  migrationCapabilities: ['events', 'multifd', 'return-path'],
};

test('keeps what changes something, word for word, and none of the questions', async () => {
  await using rehearsal = await rehearse(debian12);
  const { qemu, sent } = rehearsal;
  await qemu.setCapabilities({ 'return-path': true, events: true, 'x-colo': false });
  expect(await qemu.capabilities()).toEqual({ events: true, multifd: false, 'return-path': true });
  await qemu.setParameters({ bandwidthBitsPerSecond: 80, downtimeLimitMs: 300 });
  await qemu.migrate({ host: '10.0.1.2', port: 4444, mptcp: true });
  await qemu.yank();
  await qemu.status();
  expect(sent).toEqual([
    '{"execute":"migrate-set-capabilities","arguments":{"capabilities":[{"capability":"return-path","state":true},{"capability":"events","state":true}]}}',
    '{"execute":"migrate-set-parameters","arguments":{"downtime-limit":300,"max-bandwidth":10}}',
    '{"execute":"migrate","arguments":{"uri":"tcp:10.0.1.2:4444,mptcp=on"}}',
    '{"exec-oob":"yank","arguments":{"instances":[{"type":"migration"}]}}',
  ]);
});

test('speaks the dialect of the QEMU that it stands for', async () => {
  await using rehearsal = await rehearse({ ...debian12, channels: true });
  expect(await rehearsal.qemu.listen({ host: '::', port: 0, mptcp: false })).toBe(rehearsedPort);
  expect(rehearsal.sent).toEqual([
    expect.stringMatching(/^\{"execute":"migrate-incoming","arguments":\{"channels":\[/),
  ]);
});

test('takes a socket, and shows what would be sent with it', async () => {
  await using rehearsal = await rehearse(debian12);
  using socket = rehearsedSocket();
  await rehearsal.qemu.migrateOver(socket);
  expect(rehearsal.sent).toEqual([
    '{"execute":"getfd","arguments":{"fdname":"switchyard-migration"}}',
    '{"execute":"migrate","arguments":{"uri":"fd:switchyard-migration"}}',
  ]);
});
