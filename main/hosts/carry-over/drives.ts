import { resolve } from 'node:path';
import { driveLabel, mediumLabel, throttleLabel } from '#main/likeness/labels.ts';
import type { Drive, Medium, Portrait } from '#main/likeness/portrait.ts';
import type { JudgedFinding } from '#main/likeness/finding.ts';
import { makeOption, type CommandLine, type CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import { pathOfImage } from '#main/hosts/portrait/image-name.ts';
import { carried, notReported, refused, type Change } from './change.ts';
import { defaultDrive, nameDrives, type NamedDrive } from './drive-names.ts';
import { editable, listOption, type Editable } from './editable.ts';

/** Limits as `query-block` names them, and as `-drive` does. */
const throttleKeys: Readonly<Record<string, string>> = {
  bps: 'throttling.bps-total',
  bps_rd: 'throttling.bps-read',
  bps_wr: 'throttling.bps-write',
  iops: 'throttling.iops-total',
  iops_rd: 'throttling.iops-read',
  iops_wr: 'throttling.iops-write',
  bps_max: 'throttling.bps-total-max',
  bps_rd_max: 'throttling.bps-read-max',
  bps_wr_max: 'throttling.bps-write-max',
  iops_max: 'throttling.iops-total-max',
  iops_rd_max: 'throttling.iops-read-max',
  iops_wr_max: 'throttling.iops-write-max',
  bps_max_length: 'throttling.bps-total-max-length',
  bps_rd_max_length: 'throttling.bps-read-max-length',
  bps_wr_max_length: 'throttling.bps-write-max-length',
  iops_max_length: 'throttling.iops-total-max-length',
  iops_rd_max_length: 'throttling.iops-read-max-length',
  iops_wr_max_length: 'throttling.iops-write-max-length',
  iops_size: 'throttling.iops-size',
};
/** The older names of `-drive`, which may stand on a command line: those of `query-block`. */
const throttleNames = new Set([
  ...Object.keys(throttleKeys),
  ...Object.values(throttleKeys),
  'throttling.group',
  'group',
]);

/** Drives of `-drive` and its short forms: their media as they are now, their limits, and those that are gone or new. */
export function carryDrives(commandLine: CommandLine, source: Portrait): Change {
  const named = nameDrives(commandLine.options, source.machine.type);
  const findings: JudgedFinding[] = [];
  const options = commandLine.options.flatMap((option) => {
    const own = named.find((each) => each.option === option);
    if (!own) return [option];
    const change = carryDrive(own, source);
    findings.push(...change.findings);
    return change.option ? [change.option] : [];
  });
  const names = new Set(named.map(({ name }) => name));
  const added = source.drives.flatMap((drive) =>
    drive.name === '' || names.has(drive.name) || !drive.medium ? [] : [addedDrive(drive, drive.medium, source)],
  );
  return {
    commandLine: { ...commandLine, options: [...options, ...added.map(({ option }) => option)] },
    findings: [...findings, ...added.flatMap((each) => each.findings), ...limitsWithoutOption(source)],
  };
}

/** `block_set_io_throttle` limits the use that a device makes of a disk; no option of `-blockdev` or `-device` does. */
function limitsWithoutOption({ drives }: Portrait): readonly JudgedFinding[] {
  return drives.flatMap((drive) => {
    const { name, medium } = drive;
    if (name !== '' || !medium || Object.keys(medium.throttle).length === 0) return [];
    const label = driveLabel(drive);
    return [
      refused(
        'throttle',
        label,
        `${label} has ${throttleLabel(medium)}, and no option of a \`-blockdev\` disk sets such limits.`,
        'Take the limits off with `block_set_io_throttle`, migrate, and set them again; or use a throttle node.',
      ),
    ];
  });
}

interface DriveChange {
  readonly option: CommandLineOption | undefined;
  readonly findings: readonly JudgedFinding[];
}

function carryDrive(named: NamedDrive, source: Portrait): DriveChange {
  const drive = source.drives.find(({ name }) => name === named.name);
  if (drive) return carryPresent(named, drive, source);
  const text = `The drive ${named.name} was removed since the guest was started.`;
  if (named.isExplicit) return { option: undefined, findings: [carried('disk', named.name, text)] };
  return {
    option: named.option,
    findings: [
      refused(
        'disk',
        named.name,
        `The drive ${named.name} of the command line is not in the running guest, which has ${driveNames(source)}.`,
        'Restart the guest with the drives that it is to have, each with an `id`.',
      ),
    ],
  };
}

function carryPresent(named: NamedDrive, drive: Drive, source: Portrait): DriveChange {
  const before = editable(makeOption('drive', named.asDrive), '');
  const { medium } = drive;
  const findings: JudgedFinding[] = [];
  let now = before;
  if (!medium) {
    if (fileOf(before) === undefined) return { option: named.option, findings };
    for (const key of before.keys) if (isOfMedium(key)) now = now.set(key, undefined);
    findings.push(carried('disk', named.name, `The medium was taken out of ${named.name}: ${fileOf(before)}.`));
    return { option: now.option, findings };
  }
  if (changesImage(before, medium, source)) {
    const [top] = medium.layers;
    for (const key of before.keys) if (isOfMedium(key)) now = now.set(key, undefined);
    now = now.set('file', top?.path ?? top?.filename).set('format', top?.format);
    if (medium.readOnly && before.get('media') !== 'cdrom') now = now.set('readonly', 'on');
    if (!medium.nodeName.startsWith('#') && before.get('node-name') !== medium.nodeName) {
      now = now.set('node-name', medium.nodeName);
    }
    findings.push(
      carried(
        'disk',
        named.name,
        `${named.name} uses ${mediumLabel(medium)} now, instead of ${fileOf(before) ?? 'no medium'}.`,
      ),
    );
  }
  const limited = withLimits(now, drive.name, medium);
  if (limited) {
    now = limited;
    findings.push(carried('throttle', named.name, `${named.name} has ${throttleLabel(medium)} now.`));
  }
  return { option: findings.length === 0 ? named.option : now.option, findings };
}

/** Drives by other protocols than a file's are not distinguished here: the waiting twin is compared with the source anyhow. */
function changesImage(before: Editable, { layers }: Medium, source: Portrait): boolean {
  const file = fileOf(before);
  const [top] = layers;
  if (top === undefined) return false;
  const named = file === undefined ? undefined : pathOfImage(file);
  if (file !== undefined && named === undefined) return top.filename !== file && top.path !== undefined;
  if (file === undefined && before.keys.some((key) => key.startsWith('file.'))) return false;
  const path = named === undefined ? undefined : resolve(source.process.workingDirectory ?? '/', named);
  return path !== top.path;
}

function fileOf(drive: Editable): string | undefined {
  const driver = drive.get('file.driver');
  const nested =
    driver === undefined || driver === 'file' || driver === 'host_device' ? drive.get('file.filename') : undefined;
  return drive.get('file') ?? nested;
}

/** What says which image it is, rather than how a drive behaves. */
function isOfMedium(key: string): boolean {
  return /^(?:file|format|driver|node-name|readonly|read-only)$|^(?:file|backing)\./.test(key);
}

/** `undefined` where the limits are those of the command line. */
function withLimits(drive: Editable, name: string, medium: Medium): Editable | undefined {
  const wanted = new Map(
    Object.entries(medium.throttle).flatMap(([key, value]): [string, string][] => {
      const option = throttleKeys[key];
      return option === undefined ? [] : [[option, `${value}`]];
    }),
  );
  const group = medium.throttleGroup ?? name;
  if (wanted.size > 0 && group !== name) wanted.set('throttling.group', group);
  const present = drive.keys.filter((key) => throttleNames.has(key));
  const given = new Map(
    present.flatMap((key): [string, string][] => {
      const value = drive.get(key);
      // A burst of one second is QEMU's own, and a group that is called as the drive is none.
      if (value === undefined || value === '0' || (key.endsWith('group') && value === name)) return [];
      return key.endsWith('max_length') || key.endsWith('max-length')
        ? value === '1'
          ? []
          : [[throttleKeys[key] ?? key, value]]
        : [[key === 'group' ? 'throttling.group' : (throttleKeys[key] ?? key), value]];
    }),
  );
  const isSame = wanted.size === given.size && [...wanted].every(([key, value]) => given.get(key) === value);
  if (isSame) return undefined;
  let changed = drive;
  for (const key of present) changed = changed.set(key, undefined);
  for (const [key, value] of wanted) changed = changed.set(key, value);
  return changed;
}

const unreportedOptions = 'aio, discard, copy-on-read, rerror, werror';

function addedDrive(
  drive: Drive,
  medium: Medium,
  source: Portrait,
): { readonly option: CommandLineOption; readonly findings: readonly JudgedFinding[] } {
  const [top] = medium.layers;
  const own = defaultDrive(drive.name, source.machine.type);
  const { cache } = medium;
  const items: readonly (readonly [string, string])[] = [
    ...(own === undefined
      ? ([
          ['if', 'none'],
          ['id', drive.name],
        ] as const)
      : own.split(',').map(pairOf)),
    ['file', top?.path ?? top?.filename ?? ''],
    ['format', top?.format ?? 'raw'],
    ['cache.writeback', cache.writeback ? 'on' : 'off'],
    ['cache.direct', cache.direct ? 'on' : 'off'],
    ['cache.no-flush', cache.noFlush ? 'on' : 'off'],
    ...(medium.detectZeroes === 'off' ? [] : ([['detect-zeroes', medium.detectZeroes]] as const)),
    ...(medium.readOnly && own === undefined ? ([['readonly', 'on']] as const) : []),
    ...(medium.nodeName.startsWith('#') ? [] : ([['node-name', medium.nodeName]] as const)),
  ];
  const option = listOption('drive', items);
  const limited = withLimits(editable(option, ''), drive.name, medium);
  return {
    option: limited?.option ?? option,
    findings: [
      carried(
        'disk',
        driveLabel(drive),
        `${drive.name} was added while the guest was running: ${mediumLabel(medium)}.`,
      ),
      notReported('disk', driveLabel(drive), `the drive ${drive.name}`, unreportedOptions),
    ],
  };
}

function pairOf(text: string): readonly [string, string] {
  const [key = '', value = ''] = text.split('=');
  return [key, value];
}

/** In one sentence. */
const mostNames = 12;

function driveNames({ drives }: Portrait): string {
  const shown = drives.slice(0, mostNames).map(driveLabel);
  const others = drives.length - shown.length;
  return drives.length === 0 ? 'no drive' : [...shown, ...(others > 0 ? [`${others} more`] : [])].join(', ');
}
