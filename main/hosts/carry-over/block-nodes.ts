import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { BlockNode, Medium, Portrait } from '#main/likeness/portrait.ts';
import type { CommandLine, CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import type { JsonObject } from '#main/qmp/json.ts';
import { isOn } from '#main/hosts/command-line/option-list.ts';
import { carried, notReported, refused, type Change } from './change.ts';
import { nodeNameFor, uses } from './devices.ts';
import { editable, jsonOption } from './editable.ts';

/** Drivers whose nodes can be made again from what is read back: an image in a file or on a disk, in one of these formats. */
const protocols: ReadonlySet<string> = new Set(['file', 'host_device', 'host_cdrom']);
const formats: ReadonlySet<string> = new Set(['raw', 'qcow2', 'qed', 'qcow', 'vdi', 'vhdx', 'vpc', 'parallels']);

const unreportedOptions = 'aio, discard, locking, and those of its format';

/** Nodes of `-blockdev`: those that a snapshot, a mirror or `blockdev-add` has made, and those that are gone. */
export function carryBlockNodes(commandLine: CommandLine, source: Portrait): Change {
  const findings: JudgedFinding[] = [];
  const present = new Map(source.nodes.map((node) => [node.name, node]));
  const named = new Set<string | undefined>();
  const options = commandLine.options.flatMap((option): CommandLineOption[] => {
    if (option.name !== 'blockdev' && option.name !== 'drive') return [option];
    const node = editable(option, option.name === 'blockdev' ? 'driver' : '');
    for (const key of node.keys) {
      if (key === 'node-name' || key.endsWith('.node-name')) named.add(node.get(key));
    }
    if (option.name === 'drive') return [option];
    const name = node.get('node-name') ?? '';
    if (name === '' || present.has(name)) return [asNow(option, present, source)];
    findings.push(carried('block-node', name, `The block node ${name} was removed since the guest was started.`));
    return [];
  });
  const added = source.nodes.filter(({ name }) => !named.has(name) && !isDriveRoot(name, source));
  const made = added
    .toSorted((a, b) => rank(a, source) - rank(b, source))
    .flatMap((node): CommandLineOption[] => {
      const option = nodeOption(node, source);
      if (option) {
        findings.push(
          carried('block-node', node.name, `The block node ${node.name} was added while the guest was running.`),
          notReported('block-node', node.name, `the block node ${node.name}`, unreportedOptions),
        );
        return [option];
      }
      findings.push(
        refused(
          'block-node',
          node.name,
          `The block node ${node.name} (${node.driver}) was added while the guest was running, and QEMU does not report its options.`,
          'Remove it with `blockdev-del`, migrate, and add it again; or restart the guest with it on its command line.',
        ),
      );
      return [];
    });
  const unnamed = unnamedRoots(source).map(({ medium, place }) => {
    const name = nodeNameFor(medium.nodeName, place);
    return rootOption(name, medium, source);
  });
  return { commandLine: { ...commandLine, options: [...options, ...made, ...unnamed] }, findings };
}

/** It is the root of a drive of `-drive`, whose option names it. */
function isDriveRoot(name: string, { drives }: Portrait): boolean {
  return drives.some((drive) => drive.name !== '' && drive.medium?.nodeName === name);
}

/** Disks of devices without a drive name, whose root was given no name: a medium that was changed, a snapshot. */
function unnamedRoots(source: Portrait): readonly { readonly medium: Medium; readonly place: string }[] {
  return source.drives.flatMap((drive) => {
    const { medium, name, device = '' } = drive;
    if (name !== '' || !medium?.nodeName.startsWith('#')) return [];
    const user = source.peripherals.find(({ place }) => uses(device, place));
    return user ? [{ medium, place: user.place }] : [];
  });
}

/** What lies under the node in its chain, by a name where there is one; `undefined` at the end of a chain. */
function backingOf({ path, driver, name }: BlockNode, source: Portrait): BlockNode | undefined {
  for (const { medium } of source.drives) {
    const layers = medium?.layers ?? [];
    const at = layers.findIndex((layer) => layer.path === path && layer.format === driver);
    const below = at < 0 ? undefined : layers[at + 1];
    const found = below && source.nodes.find((node) => node.path === below.path && node.driver === below.format);
    if (found && found.name !== name) return found;
  }
  return undefined;
}

/** A node comes after those that it refers to. */
function rank(node: BlockNode, source: Portrait): number {
  if (protocols.has(node.driver)) return 0;
  let depth = 1;
  const seen = new Set([node.name]);
  for (let below = backingOf(node, source); below && !seen.has(below.name); below = backingOf(below, source)) {
    seen.add(below.name);
    depth += 1;
  }
  return depth;
}

function nodeOption(node: BlockNode, source: Portrait): CommandLineOption | undefined {
  if (node.path === undefined) return undefined;
  const common = { 'node-name': node.name, ...commonOptions(node) };
  if (protocols.has(node.driver))
    return jsonOption('blockdev', { driver: node.driver, ...common, filename: node.path });
  if (!formats.has(node.driver)) return undefined;
  const file = source.nodes.find(({ driver, path }) => protocols.has(driver) && path === node.path);
  const backing = backingOf(node, source);
  return jsonOption('blockdev', {
    driver: node.driver,
    ...common,
    file: file?.name ?? fileOptions(node.path, node.leadsTo, node),
    ...(backing === undefined ? {} : { backing: backing.name }),
  });
}

function rootOption(name: string, medium: Medium, source: Portrait): CommandLineOption {
  const [top, below] = medium.layers;
  const backing = below && source.nodes.find((node) => node.path === below.path && node.driver === below.format);
  return jsonOption('blockdev', {
    driver: top?.format ?? 'raw',
    'node-name': name,
    ...commonOptions(medium),
    file: fileOptions(top?.path ?? top?.filename ?? '', top?.leadsTo, medium),
    ...(backing === undefined ? {} : { backing: backing.name }),
  });
}

interface NodeMode {
  readonly readOnly: boolean;
  readonly cache: Medium['cache'];
  readonly detectZeroes: string;
}

function commonOptions({ readOnly, cache, detectZeroes }: NodeMode): JsonObject {
  return {
    'read-only': readOnly,
    cache: { direct: cache.direct, 'no-flush': cache.noFlush },
    ...(detectZeroes === 'off' ? {} : { 'detect-zeroes': detectZeroes }),
  };
}

function fileOptions(path: string, leadsTo: string | undefined, { readOnly, cache }: NodeMode): JsonObject {
  return {
    driver: leadsTo?.startsWith('device ') === true ? 'host_device' : 'file',
    filename: path,
    'read-only': readOnly,
    cache: { direct: cache.direct, 'no-flush': cache.noFlush },
  };
}

/**
 * A chain that was shortened (`block-stream`, `block-commit`) no longer has the backing node that its option names; what
 * became the base of a snapshot is no longer written.
 */
function asNow(
  option: CommandLineOption,
  present: ReadonlyMap<string, BlockNode>,
  source: Portrait,
): CommandLineOption {
  let node = editable(option, 'driver');
  const own = present.get(node.get('node-name') ?? '');
  if (!own) return option;
  const backing = node.get('backing');
  if (backing !== undefined && !present.has(backing)) node = node.set('backing', backingOf(own, source)?.name);
  if (own.readOnly && !isOn(node.get('read-only'))) node = node.set('read-only', 'on');
  if (!own.readOnly && isOn(node.get('read-only'))) node = node.set('read-only', 'off');
  return node.option;
}
