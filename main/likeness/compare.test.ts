import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare } from './compare.ts';
import { withVerdict } from './finding.ts';
import type { Portrait } from './portrait.ts';
import { rows } from './rows.ts';
import { another, leavesOf, withLeaf } from './testing/leaves.ts';
import { samplePortrait } from './testing/sample-portrait.ts';

/** What is no part of the comparison, and why. */
const notCompared: Readonly<Record<string, string>> = {
  'drives.device': 'says who uses a drive; that the same device does is seen in the properties of the device',
  'drives.medium.nodeName': 'is a name for commands; named nodes are compared as block nodes',
  'drives.medium.layers.filename': 'is one of several names of a file; the file is compared',
  'drives.medium.layers.isOpen': 'is a question to the source alone: whether the path still leads to what it uses',
  'nodes.filename': 'is one of several names of a file; the file is compared',
  'devices.id': 'is part of the place',
  'devices.bus': 'is part of the place',
  'devices.parent': 'is part of the place',
  'peripherals.id': 'is part of the place',
  'peripherals.hotplugged': 'is true of what was plugged in while the guest ran, and false of its likeness',
  'memoryDevices.hotplugged': 'is true of what was plugged in while the guest ran, and false of its likeness',
  'process.workingDirectory': 'is where relative names begin; the files that they lead to are compared',
  'process.root': 'is a question to the source alone',
  'process.openFilesKnown': 'is a question to the source alone',
  'process.pid': 'is a number of the host',
  'process.threads.id': 'is a number of the host',
  'process.controlGroup.path': 'is a name of the host; what limits the group is compared',
};

function placeOf(path: readonly (string | number)[]): string {
  return path.filter((key) => typeof key === 'string').join('.');
}

describe('compare', () => {
  test('finds nothing between a guest and its likeness', () => {
    expect(compare(samplePortrait, structuredClone(samplePortrait))).toEqual([]);
  });

  test('reports a difference in any part of a portrait, but for what is listed with its reason', () => {
    const silent = leavesOf(samplePortrait)
      .filter(({ path, value }) => compare(samplePortrait, withLeaf(samplePortrait, path, another(value))).length === 0)
      .map(({ path }) => placeOf(path));
    expect([...new Set(silent)].toSorted()).toEqual(Object.keys(notCompared).toSorted());
  });

  test('reports what is missing from either side', () => {
    const lists = Object.entries(samplePortrait).filter(([, value]) => Array.isArray(value) && value.length > 0);
    const silent = lists.filter(([key]) => {
      const without = { ...samplePortrait, [key]: [] };
      return compare(samplePortrait, without).length === 0 || compare(without, samplePortrait).length === 0;
    });
    expect(silent).toEqual([]);
  });

  test('names the disk, what the source uses and what the destination would use', () => {
    const twin = withLeaf(withLeaf(samplePortrait, layer('path'), '/vm/old.qcow2'), layer('leadsTo'), '1:9');
    expect(withVerdict(compare(samplePortrait, twin), 'refused')).toEqual([
      {
        row: 'disk',
        item: 'virtio0',
        text: 'Disk virtio0: the source has /vm/top.qcow2 (qcow2, 1:11) on /vm/base.qcow2 (qcow2, 1:10), the destination would have /vm/old.qcow2 (qcow2, 1:9) on /vm/base.qcow2 (qcow2, 1:10).',
        remedy: expect.any(String),
        verdict: 'refused',
      },
    ]);
  });

  test('knows a file of one path by its inode', () => {
    const twin = withLeaf(samplePortrait, layer('leadsTo'), '1:9');
    expect(withVerdict(compare(samplePortrait, twin), 'refused').map(({ row }) => row)).toEqual(['disk']);
  });

  test.each([
    ['a port of the machine that its firmware sets', { smb_io_base: '1792' }, { smb_io_base: '45312' }],
    ['the name that QEMU made up for a node', { drive: '"#block123"' }, { drive: '"#block7"' }],
    ['the name that Switchyard gave to a node', { drive: '"#block123"' }, { drive: '"switchyard-cd0"' }],
    ['the name that QEMU made up for a network backend', { netdev: '"#net083"' }, { netdev: '"#net014"' }],
    ['a USB port that was asked for', { port: '""', 'USB port': '1' }, { port: '"1"', 'USB port': '1' }],
    ['a property that one of two versions of QEMU has', { a: '1' }, { a: '1', b: '2' }],
  ])('does not refuse %s', (_what, source, twin) => {
    expect(withVerdict(compare(withProperties(source), withProperties(twin)), 'refused')).toEqual([]);
  });

  test('refuses any other property of a device that was plugged in, and of its parts', () => {
    const hotplugged = samplePortrait.peripherals.map((each) => ({ ...each, hotplugged: true }));
    const source = { ...samplePortrait, peripherals: hotplugged };
    const twins = [
      withLeaf(samplePortrait, ['devices', 0, 'properties', 'multifunction'], 'true'),
      withLeaf(samplePortrait, ['devices', 1, 'properties', 'guest_csum'], 'false'),
    ];
    const own = withLeaf(source, ['devices', 1, 'properties', 'guest_csum'], 'true');
    expect(twins.map((twin) => compare(own, twin).map(({ verdict }) => verdict))).toEqual([['refused'], ['refused']]);
  });

  test('refuses another USB port', () => {
    const [source, twin] = ['1', '2'].map((port) => withProperties({ port: '""', 'USB port': port }));
    expect(compare(source ?? samplePortrait, twin ?? samplePortrait).map(({ verdict }) => verdict)).toEqual([
      'refused',
    ]);
  });

  test('does not refuse what only the destination has named', () => {
    const named = samplePortrait.nodes.map((node) => ({ ...node, name: 'switchyard-cd0', bitmaps: [] }));
    const twin = { ...samplePortrait, nodes: [...samplePortrait.nodes, ...named] };
    expect(compare(samplePortrait, twin).map(({ verdict }) => verdict)).toEqual(['harmless']);
  });

  test('a tap whose name the kernel chose may have another there', () => {
    const tap = (name: string): Portrait => ({
      ...samplePortrait,
      netdevs: [{ id: 'n1', type: 'tap', details: `ifname=${name},script=/etc/qemu-ifup`, queues: 1, forwards: [] }],
    });
    expect(compare(tap('tap0'), tap('tap3')).map(({ verdict }) => verdict)).toEqual(['harmless']);
    expect(compare(tap('vm1'), tap('vm2')).map(({ verdict }) => verdict)).toEqual(['refused']);
  });

  describe('a listener', () => {
    const listening = (...listeners: Portrait['process']['listeners']): Portrait => ({
      ...samplePortrait,
      process: { ...samplePortrait.process, listeners },
    });
    const vnc = (port: number) => ({ owner: 'VNC "default"', address: `TCP 0.0.0.0:${port}` });
    const monitor = (path: string) => ({ owner: 'character device "m1"', address: `unix socket ${path}` });
    const nbd = { owner: '', address: 'TCP 0.0.0.0:10809' };
    const streams = (...paths: readonly string[]): Portrait => ({
      ...listening(...paths.map((path) => ({ owner: '', address: `unix socket ${path}` }))),
      netdevs: [{ id: 'n1', type: 'stream', details: '', queues: 1, forwards: [] }],
    });

    test.each<[string, Portrait, Portrait, readonly string[]]>([
      ['that the destination lacks is refused', listening(nbd), listening(), ['refused']],
      [
        'of VNC that the destination lacks is refused',
        listening(vnc(5901), vnc(5902)),
        listening(vnc(5901)),
        ['refused'],
      ],
      ['of VNC at another port is reported', listening(vnc(5902)), listening(vnc(5901)), ['harmless']],
      ['that only the destination has is reported', listening(), listening(nbd), ['harmless']],
      ['of a character device has a place of its own', listening(monitor('/run/a')), listening(monitor('/run/b')), []],
      ['of a network backend has a place of its own', streams('/run/a'), streams('/run/b'), []],
      ['that the destination lacks beside those is refused', streams('/a', '/nbd'), streams('/a'), ['refused']],
    ])('%s', (_what, source, twin, verdicts) => {
      expect(compare(source, twin).map(({ verdict }) => verdict)).toEqual(verdicts);
    });
  });

  test('names the command that gives a destination what it was not given', () => {
    const twin = withLeaf(withLeaf(samplePortrait, ['process', 'limits', 'memlock'], '0:0'), ['process', 'pid'], 77);
    expect(compare(samplePortrait, twin)).toEqual([
      {
        row: 'resource-limit',
        item: 'memlock',
        text: 'Resource limit memlock: the source has 8388608:8388608, the destination would have 0:0.',
        remedy: 'The destination has started within its own. Set it with `prlimit --pid 77 --memlock=8388608:8388608`.',
        verdict: 'harmless',
      },
    ]);
  });

  test('finds the same, seen from either side', () => {
    const leaves = leavesOf(samplePortrait);
    fc.assert(
      fc.property(fc.subarray([...leaves.keys()]), (changed) => {
        let twin = samplePortrait;
        for (const index of changed) {
          const leaf = leaves[index];
          if (leaf) twin = withLeaf(twin, leaf.path, another(leaf.value));
        }
        const items = (findings: ReturnType<typeof compare>): string[] =>
          findings.map(({ row, item }) => `${row} ${item}`).toSorted();
        expect(items(compare(samplePortrait, twin))).toEqual(items(compare(twin, samplePortrait)));
      }),
      { numRuns: 50 },
    );
  });
});

test('every row says what it reads, and is known by its own id', () => {
  expect(rows.filter(({ reads }) => reads === '')).toEqual([]);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
});

function layer(key: string): readonly (string | number)[] {
  return ['drives', 0, 'medium', 'layers', 0, key];
}

function withProperties(properties: Readonly<Record<string, string>>): Portrait {
  const device = { place: 'usb/thing 0', id: '', type: 'thing', bus: 'usb', properties };
  return { ...samplePortrait, devices: [...samplePortrait.devices, device] };
}

test('character devices that QEMU names by chance are compared by their order', () => {
  const withDebugger = (id: string): Portrait => ({ ...samplePortrait, characterDevices: [{ id, kind: 'gdb' }] });
  expect(compare(withDebugger('#chr036'), withDebugger('#chr019'))).toEqual([]);
});
