import { expect, test } from 'vitest';
import { QmpClient } from '#main/qmp/client.ts';
import { FakeMonitor } from '#main/qmp/testing/fake-monitor.ts';
import { askForPortrait } from './answers.ts';

test('a QEMU that lists objects without end is refused, and is asked nothing about them', async () => {
  const objects = Array.from({ length: 9000 }, (_, index) => ({ name: `o${index}`, type: 'child<iothread>' }));
  const empty = [
    'query-block',
    'query-named-block-nodes',
    'query-block-jobs',
    'query-block-exports',
    'query-memory-devices',
    'query-memdev',
    'query-hotpluggable-cpus',
    'query-chardev',
    'query-tpm',
    'query-cpus-fast',
    'query-iothreads',
    'query-vnc-servers',
  ];
  const fake = new FakeMonitor({
    handlers: {
      ...Object.fromEntries(empty.map((command) => [command, () => []])),
      'qom-get': () => 'pc-machine',
      'qom-list': ({ path }) => (path === '/objects' ? objects : []),
      'query-memory-size-summary': () => ({ 'base-memory': 1 }),
      'query-migrate': () => ({}),
      'human-monitor-command': () => '',
    },
  });
  await using client = await QmpClient.connect({ transport: fake.connect() });
  await expect(askForPortrait(client, 1000)).rejects.toThrow('QEMU lists 9000 objects, and at most 8192 are compared.');
  expect(fake.requests.filter(({ command }) => command === 'qom-get')).toHaveLength(1);
});
