import { describe, expect, test } from 'vitest';
import type { Guest, HostFacts } from '#contract/host.ts';
import { defaultSettings, type Check, type Path, type Side } from '#contract/migration.ts';
import type { TwinForesight } from './ports.ts';
import { preflight, refusals, type PreflightFacts } from './preflight.ts';
import type { LikenessFacts, WaitingAnswer, WaitingFacts } from './preflight-facts.ts';
import type { Portrait, ThreadPortrait } from '#main/likeness/portrait.ts';
import { withLeaf } from '#main/likeness/testing/leaves.ts';
import type { StartingPoint } from '#main/likeness/process-order.ts';
import { samplePortrait } from '#main/likeness/testing/sample-portrait.ts';
import { factsOf, guestNamed } from './simulation/facts.ts';

const uuid = '5f8f3c1e-0000-4000-8000-000000000001';
const guest = guestNamed('alpha', { uuid, pid: 1001, startTimeTicks: 1, bootId: 'boot' }, '/run/guest/1001.qmp');
const source = factsOf('alpha', '10.0.1.1');
const destination = factsOf('beta', '10.0.1.2');
const path: Path = {
  sourceInterface: 'eth1',
  sourceAddress: '10.0.1.1',
  destinationInterface: 'eth1',
  destinationAddress: '10.0.1.2',
  speedBitsPerSecond: 1e9,
  mtu: 1500,
};
const machine: HostFacts = { ...destination, kind: 'local' };
const secondPath: Path = { ...path, sourceAddress: '10.0.2.1', destinationAddress: '10.0.2.2' };

/** Everything in order: nothing to say against it. */
const ready: PreflightFacts = {
  guest,
  guestRun: { run: 'running', migration: 'none' },
  openMigrations: [],
  source,
  destination,
  destinationGuests: [],
  paths: [path],
  settings: defaultSettings,
  preparation: { commands: { source: [], destination: [] }, warnings: [] },
  borrowers: [],
};

const hardware = { machine: 'pc-i440fx-7.2', memoryBytes: 2 ** 26 };
const answer: WaitingAnswer = {
  run: 'inmigrate',
  migration: 'none',
  listens: false,
  hardware,
  guestHardware: hardware,
};
const waitingGuest: Guest = {
  ...guestNamed('beta', { uuid, pid: 2001, startTimeTicks: 2, bootId: 'boot' }, '/run/waiting.qmp'),
  name: 'web1-twin',
  waiting: true,
};
const waiting: WaitingFacts = { guest: waitingGuest, addressProblem: undefined, listens: false, answer };
const listening: WaitingFacts = {
  ...waiting,
  guest: { ...waitingGuest, incoming: 'tcp:0:4444' },
  listens: true,
  answer: { ...answer, listens: true },
};

const open = { migrationId: '20260101T000000Z-0001' };

const twin: TwinForesight = {
  user: { uid: 107, name: 'qemu' },
  program: '/usr/bin/qemu-system-x86_64',
  programObjection: undefined,
  variablesLeftOut: [],
  variablesThatMatter: [],
  unlike: [],
  problems: [],
};

type Change = Partial<PreflightFacts>;

function settings(changes: Partial<PreflightFacts['settings']>): Change {
  return { settings: { ...defaultSettings, ...changes } };
}

function without(host: HostFacts, changes: Partial<HostFacts['mptcp']>): HostFacts {
  return { ...host, mptcp: { ...host.mptcp, ...changes } };
}

function qemu(host: HostFacts, version: string, mptcp = true): HostFacts {
  return { ...host, qemu: { binary: '/usr/bin/qemu-system-x86_64', version, mptcp } };
}

const noMptcp = { usable: false, reason: 'net.mptcp.enabled is 0.', remedy: 'sysctl -w net.mptcp.enabled=1' };
const kernelWithout = without(destination, noMptcp);
const commands = { commands: { source: ['ip mptcp limits set subflows 1'], destination: [] }, warnings: [] };
const toDo = 'ip netns exec alpha ip mptcp limits set subflows 1  # on the source';

function checkOf(id: string, change: Change): Omit<Check, 'id'> | undefined {
  const found = preflight({ ...ready, ...change }).find((check) => check.id === id);
  if (!found) return undefined;
  const { id: _id, ...check } = found;
  return check;
}

interface Case {
  readonly when: string;
  readonly facts: Change;
  /** Left out where the question does not apply. */
  readonly check?: Partial<Check>;
}

const passed = { passed: true, severity: 'info' } as const;
const refused = { passed: false, severity: 'error' } as const;
const warned = { passed: false, severity: 'warning' } as const;

const asStarted = { portrait: samplePortrait, changes: [] };
const change = { row: 'disk', item: 'cd', remedy: 'Put it back.', text: 'cd uses b.iso now, instead of a.iso.' };

function tap(details: string): Change {
  return now({ netdevs: [{ id: 'n0', type: 'tap', details, queues: 1, forwards: [] }] });
}

/** vm1 is in br0 there; on the last side in another bridge, where one is named. */
function bridged(...[first, second, bridge]: readonly [Side, Side?, string?]): Change {
  const at = (host: HostFacts, master: string): HostFacts => {
    const link = { index: 9, up: true, carrier: true, mtu: 1500, addresses: [] };
    return { ...host, interfaces: [...host.interfaces, { ...link, name: 'br0' }, { ...link, name: 'vm1', master }] };
  };
  return {
    [first]: at(first === 'source' ? source : destination, 'br0'),
    ...(second === undefined ? {} : { destination: at(destination, bridge ?? 'br0') }),
  };
}

/** The destination begins as Switchyard runs, in a control group of this much memory. */
function starting(changes: Partial<StartingPoint>, limits: Readonly<Record<string, string>> = {}): Change {
  const process = { ...samplePortrait.process, controlGroup: { path: '/switchyard.service', limits } };
  const start = { process, processors: [0, 1], mayRaiseLimits: true, mayRaisePriority: true, ...changes };
  return { ...now({}), twin: { ...twin, start } };
}

/** So many vCPUs that are run otherwise. */
function withVcpu(changes: Partial<ThreadPortrait>, count = 1): LikenessFacts {
  const threads = samplePortrait.process.threads.flatMap((vcpu) =>
    Array.from({ length: count }, (_, index) => ({ ...vcpu, ...changes, role: `vCPU ${index}` })),
  );
  return { portrait: { ...samplePortrait, process: { ...samplePortrait.process, threads } }, changes: [] };
}

function now(changes: Partial<Portrait>): Change {
  return { likeness: { ...asStarted, portrait: { ...samplePortrait, ...changes } } };
}

/** Every check, when it holds, when it does not, and when it has nothing to say. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  'migration-port': [
    {
      when: 'the destination is a namespace with addresses of its own',
      facts: {},
      check: { ...passed, text: 'The stream is not encrypted; beta can be reached on eth1 (10.0.1.2).' },
    },
    { when: 'there is no path', facts: { paths: [] } },
    {
      when: 'the destination is a machine, and the kernel chooses the port',
      facts: { destination: machine },
      check: {
        ...warned,
        text: "The stream is not encrypted, and the migration port of beta can be reached on eth1 (10.0.1.2): who sits on the way can read the guest's memory, and the first stranger to connect ends the migration.",
        remedy:
          'Migrate over links that you trust, and let only the source reach the port (with --incoming tcp:0:4444, so that it is known beforehand). Afterwards: nft delete table inet switchyard_migration',
        command: expect.stringContaining('ip saddr != { 10.0.1.1 } tcp dport 4444 drop'),
      },
    },
    {
      when: 'the port is named, and strangers are turned away',
      facts: { destination: machine, listener: { host: '0.0.0.0', port: 5000 }, ...settings({ socket: 'app' }) },
      check: {
        ...warned,
        text: "The stream is not encrypted, and port 5000 of beta can be reached on eth1 (10.0.1.2): who sits on the way can read the guest's memory, and strangers are turned away.",
        remedy:
          'Migrate over links that you trust, and let only the source reach the port. Afterwards: nft delete table inet switchyard_migration',
        command: expect.stringContaining('tcp dport 5000 drop'),
      },
    },
    {
      when: 'a namespace has a public address',
      facts: { destination: factsOf('beta', '198.51.100.7') },
      check: { ...warned, text: expect.stringContaining('(198.51.100.7), public addresses among them: who sits') },
    },
  ],
  'two-hosts': [
    { when: 'the hosts differ', facts: {}, check: { ...passed, text: 'From alpha to beta.' } },
    {
      when: 'they are the same',
      facts: { destination: source },
      check: { ...refused, remedy: 'Choose another destination.' },
    },
  ],
  'guest-process': [
    { when: 'earlier versions did not say', facts: {} },
    {
      when: 'it runs as a user',
      facts: { guest: { ...guest, user: { uid: 107, name: 'qemu' } } },
      check: { ...passed, text: 'QEMU of web1 runs as user qemu (107).' },
    },
    {
      when: 'it is not handled',
      facts: { guest: { ...guest, obstacle: { text: 'It runs in a container.', remedy: 'Go there.' } } },
      check: { ...refused, text: 'It runs in a container.', remedy: 'Go there.' },
    },
  ],
  'twin-user': [
    { when: 'the operator has started one', facts: {} },
    {
      when: 'it can be started',
      facts: { twin },
      check: { ...passed, text: 'The twin runs as user qemu (107): /usr/bin/qemu-system-x86_64.' },
    },
    { when: 'it could not be seen', facts: { twin: { ...twin, user: undefined, program: undefined } } },
    {
      when: 'it cannot',
      facts: { twin: { ...twin, problems: [{ text: 'That user may not enter it.', remedy: 'Open it.' }] } },
      check: { ...refused, text: 'That user may not enter it.' },
    },
  ],
  'twin-program': [
    { when: 'it is that of the source', facts: { twin } },
    {
      when: 'others could replace that of the source',
      facts: { twin: { ...twin, programObjection: '/home/mallory belongs to user 1001' } },
      check: { ...refused, acceptable: true, text: expect.stringContaining('/home/mallory belongs to user 1001') },
    },
  ],
  'twin-environment': [
    { when: 'nothing is left out', facts: { twin } },
    {
      when: 'only what a QEMU does not need',
      facts: { twin: { ...twin, variablesLeftOut: ['EDITOR', 'a\u001Bb'] } },
      check: { ...passed, text: 'The twin does not get these variables of its source: EDITOR, 1 more.' },
    },
    {
      when: 'what changes the program too',
      facts: { twin: { ...twin, variablesLeftOut: ['EDITOR', 'LD_PRELOAD'], variablesThatMatter: ['LD_PRELOAD'] } },
      check: { ...warned, text: 'The twin does not get these variables, which change how QEMU runs: LD_PRELOAD.' },
    },
  ],
  'twin-confinement': [
    { when: 'it is alike', facts: { twin } },
    {
      when: 'the source is confined',
      facts: { twin: { ...twin, unlike: ['A filter limits it.'] } },
      check: { ...warned, text: 'A filter limits it.' },
    },
  ],
  'waiting-user': [
    { when: 'nothing waits', facts: { guest: { ...guest, user: { uid: 0 } } } },
    {
      when: 'both are of one user',
      facts: {
        guest: { ...guest, user: { uid: 0 } },
        waiting: { ...waiting, guest: { ...waitingGuest, user: { uid: 0 } } },
      },
      check: { ...passed, text: 'Both QEMUs run as user 0.' },
    },
    {
      when: 'it is of another user',
      facts: {
        guest: { ...guest, user: { uid: 0 } },
        waiting: { ...waiting, guest: { ...waitingGuest, user: { uid: 1001 } } },
      },
      check: { ...refused, acceptable: true, text: expect.stringContaining('that user will have the memory') },
    },
  ],
  monitor: [
    {
      when: 'its process is not handled',
      facts: { guest: { ...guest, obstacle: { text: 'It runs in a container.', remedy: 'Go there.' } } },
    },
    { when: 'it answers', facts: {}, check: { ...passed, text: 'The monitor of web1 answers: running.' } },
    {
      when: 'another program holds the first, and the next one answers',
      facts: { guestRun: { run: 'running', migration: 'none', heldMonitorPath: '/run/held.qmp' } },
      check: {
        ...passed,
        text: 'The monitor /run/guest/1001.qmp of web1 answers: running. Another program holds the first, /run/held.qmp.',
      },
    },
    {
      when: 'there is none',
      facts: { guest: withoutMonitor(guest) },
      check: { ...refused, remedy: 'Start the guest with `-qmp unix:PATH,server=on,wait=off`.' },
    },
    {
      when: 'the manager of its migration holds it',
      facts: {
        guestRun: { unreadable: 'The monitor of web1 is held by another program.' },
        openMigrations: [{ ...open, managed: true, same: 'process' }],
      },
    },
    {
      when: 'another program holds it',
      facts: { guestRun: { unreadable: 'The monitor of web1 is held by another program.', remedy: 'Close it.' } },
      check: { ...refused, text: 'The monitor of web1 is held by another program.', remedy: 'Close it.' },
    },
  ],
  'guest-state': [
    { when: 'it runs', facts: {}, check: { ...passed, text: 'The guest runs.' } },
    {
      when: 'it is paused',
      facts: { guestRun: { run: 'paused', migration: 'none' } },
      check: { ...passed, text: 'The guest is paused and will arrive paused on beta.' },
    },
    {
      when: 'it was never started',
      facts: { guestRun: { run: 'prelaunch', migration: 'none' } },
      check: { ...passed, text: 'The guest was never started (`-S`) and will arrive so on beta.' },
    },
    {
      when: 'an earlier migration has stopped it',
      facts: { guestRun: { run: 'postmigrate', migration: 'completed' } },
      check: { ...refused, text: 'web1 is in state postmigrate, which cannot be migrated.' },
    },
    { when: 'it is not known', facts: { guestRun: { unreadable: 'no' } } },
  ],
  'open-migration': [
    { when: 'there is none', facts: {}, check: { ...passed, text: 'No other migration of web1 is open.' } },
    {
      when: 'a process manages one',
      facts: { openMigrations: [{ ...open, managed: true, same: 'process' }] },
      check: {
        ...refused,
        text: 'web1 is already migrating (20260101T000000Z-0001).',
        remedy: 'Follow it with `switchyard watch 20260101T000000Z-0001`.',
      },
    },
    {
      when: 'a process with its journals elsewhere manages one',
      facts: { openMigrations: [{ ...open, managed: true, elsewhere: true, same: 'process' }] },
      check: {
        ...refused,
        text: 'web1 is already migrating (20260101T000000Z-0001), managed by a Switchyard with another state directory.',
      },
    },
    {
      when: 'the manager of one has died',
      facts: {
        guestRun: { run: 'running', migration: 'active' },
        openMigrations: [
          { ...open, migrationId: '20250101T000000Z-0002', managed: false, same: 'uuid' },
          { ...open, managed: false, same: 'process' },
        ],
      },
      check: {
        ...refused,
        text: 'Migration 20260101T000000Z-0001 of web1 has not ended, and no process manages it.',
        remedy: 'Finish it with `switchyard watch 20260101T000000Z-0001`, then migrate again.',
      },
    },
    {
      when: 'another program has begun one',
      facts: { guestRun: { run: 'running', migration: 'active' } },
      check: {
        ...refused,
        text: 'web1 is being migrated by another program: its QEMU reports active, and no journal here knows of it.',
      },
    },
    {
      when: 'one of a process that is gone was never closed',
      facts: { openMigrations: [{ ...open, managed: false, same: 'uuid' }] },
      check: { ...warned, remedy: 'Close it with `switchyard watch 20260101T000000Z-0001`.' },
    },
  ],
  'same-guest': [
    {
      when: 'another user shows the uuid',
      facts: { guest: { ...guest, user: { uid: 0 } }, destinationGuests: [{ ...waitingGuest, user: { uid: 1001 } }] },
      check: { ...warned, text: expect.stringContaining('A process of user 1001 on beta') },
    },
    {
      when: 'the same user, or root, has another copy',
      facts: {
        guest: { ...guest, user: { uid: 107 } },
        destinationGuests: [
          { ...waitingGuest, user: { uid: 1001 } },
          { ...waitingGuest, user: { uid: 0 } },
        ],
      },
      check: { ...refused, text: expect.stringContaining('already has a QEMU') },
    },
    {
      when: 'the destination has no other',
      facts: { destinationGuests: [{ ...guest, identity: { ...guest.identity, uuid: 'another' } }] },
      check: passed,
    },
    {
      when: 'the destination has a QEMU with this uuid',
      facts: { destinationGuests: [guest] },
      check: {
        ...refused,
        text: "beta already has a QEMU with this guest's uuid (pid 1001).",
        remedy: 'Find out which of the two is the guest, and end the other.',
      },
    },
    {
      when: 'that QEMU waits for a migration',
      facts: { destinationGuests: [waitingGuest] },
      check: { ...refused, remedy: 'It waits for a migration: use it with --to-waiting web1-twin, or end it.' },
    },
    { when: 'it is the one that is to be used', facts: { destinationGuests: [waitingGuest], waiting }, check: passed },
    {
      when: 'neither has a uuid',
      facts: nameless(),
      check: passed,
    },
  ],
  'waiting-state': [
    { when: 'nothing waits', facts: {} },
    {
      when: 'it waits',
      facts: { waiting },
      check: { ...passed, text: 'web1-twin on beta waits for a migration (process 2001).' },
    },
    {
      when: 'it listens',
      facts: { waiting: { ...listening, answer: { ...answer, listens: true, migration: 'setup' } } },
      check: passed,
    },
    {
      when: 'its monitor does not answer',
      facts: { waiting: { ...waiting, answer: { unreadable: 'held' } } },
      check: { ...refused, text: 'held' },
    },
    { when: 'it runs', facts: { waiting: { ...waiting, answer: { ...answer, run: 'running' } } }, check: refused },
    {
      when: 'something arrives in it already',
      facts: { waiting: { ...waiting, answer: { ...answer, migration: 'active' } } },
      check: refused,
    },
  ],
  'waiting-address': [
    { when: 'nothing waits', facts: {} },
    {
      when: 'it has no address yet',
      facts: { waiting },
      check: { ...passed, text: 'Switchyard will set the address that it listens on.' },
    },
    {
      when: 'it listens',
      facts: { waiting: listening },
      check: { ...passed, text: 'It listens already: tcp:0:4444.' },
    },
    {
      when: 'its address cannot be used',
      facts: { waiting: { ...waiting, addressProblem: { text: 'It listens on a file.', remedy: 'Use TCP.' } } },
      check: { ...refused, text: 'It listens on a file.' },
    },
    { when: 'it should listen and does not', facts: { waiting: { ...listening, answer } }, check: refused },
    {
      when: 'another program has set it already',
      facts: { waiting: { ...waiting, answer: { ...answer, listens: true } } },
      check: refused,
    },
    { when: 'it is not known', facts: { waiting: { ...waiting, answer: { unreadable: 'no' } } } },
  ],
  'waiting-mptcp': [
    { when: 'it does not listen yet', facts: { waiting } },
    {
      when: 'it listens with MPTCP',
      facts: { waiting: listening, listener: { host: '0.0.0.0', port: 4444, mptcp: true } },
      check: passed,
    },
    {
      when: 'it listens without',
      facts: { waiting: listening, listener: { host: '0.0.0.0', port: 4444 } },
      check: warned,
    },
    {
      when: 'it listens without and MPTCP is required',
      facts: { waiting: listening, ...settings({ mptcp: 'require' }) },
      check: refused,
    },
    { when: 'MPTCP is not wanted', facts: { waiting: listening, ...settings({ mptcp: 'off' }) } },
  ],
  'waiting-guest': [
    { when: 'nothing waits', facts: {} },
    { when: 'the uuids agree', facts: { waiting }, check: passed },
    {
      when: 'it was started for another guest',
      facts: { waiting: { ...waiting, guest: withUuid('another') } },
      check: refused,
    },
    {
      when: 'it has no uuid',
      facts: { waiting: { ...waiting, guest: withUuid('00000000-0000-0000-0000-000000000000') } },
      check: warned,
    },
  ],
  'waiting-hardware': [
    { when: 'nothing waits', facts: {} },
    { when: 'it is not known', facts: { waiting: { ...waiting, answer: { unreadable: 'no' } } } },
    { when: 'it is the same', facts: { waiting }, check: { ...passed, text: 'Both are pc-i440fx-7.2 with 64 MiB.' } },
    {
      when: 'machine and memory differ',
      facts: {
        waiting: { ...waiting, answer: { ...answer, hardware: { machine: 'pc-q35-7.2', memoryBytes: 2 ** 27 } } },
      },
      check: {
        ...refused,
        text: 'The waiting QEMU has machine pc-q35-7.2 instead of pc-i440fx-7.2 and 128 MiB of memory instead of 64 MiB.',
      },
    },
  ],
  'guest-now': [
    { when: 'nothing was read', facts: {} },
    {
      when: 'it is as it was started',
      facts: { likeness: asStarted },
      check: { ...passed, text: 'The guest matches its command line.' },
    },
    {
      when: 'something is carried over',
      facts: { likeness: { ...asStarted, changes: [{ ...change, verdict: 'carried' }] } },
      check: { ...passed, text: 'Carried over to the destination: cd uses b.iso now, instead of a.iso.' },
    },
    {
      when: 'something cannot be read back',
      facts: {
        likeness: {
          ...asStarted,
          changes: [
            { ...change, verdict: 'carried' },
            { ...change, text: 'A node came.', verdict: 'refused' },
          ],
        },
      },
      check: { ...refused, text: 'A node came.', remedy: 'Put it back.' },
    },
    {
      when: 'it cannot be read',
      facts: { likeness: { unreadable: 'The answer has another form.' } },
      check: { ...refused, text: 'What web1 consists of cannot be read: The answer has another form.' },
    },
  ],
  blocked: [
    {
      when: 'QEMU refuses',
      facts: now({ blockers: ['No.'] }),
      check: { ...refused, text: 'QEMU refuses to migrate this guest: No.' },
    },
    { when: 'nothing was read', facts: { likeness: { unreadable: 'No.' } } },
  ],
  'block-job': [
    {
      when: 'one runs',
      facts: now({ jobs: ['mirror of a'] }),
      check: { ...refused, text: 'A block job runs: mirror of a.' },
    },
  ],
  'block-export': [{ when: 'there is one', facts: now({ exports: ['nbd "e" of a'] }), check: refused }],
  tpm: [{ when: 'there is one', facts: now({ tpms: ['tpm-tis (passthrough)'] }), check: refused }],
  root: [
    { when: 'it is another', facts: now({ process: { ...samplePortrait.process, root: '/jail' } }), check: refused },
  ],
  'image-replaced': [
    {
      when: 'its path leads elsewhere',
      facts: {
        likeness: {
          ...asStarted,
          portrait: withLeaf(samplePortrait, ['drives', 0, 'medium', 'layers', 0, 'isOpen'], false),
        },
      },
      check: refused,
    },
  ],
  'disk-access': [
    { when: 'nothing is against it', facts: { disks: [] } },
    {
      when: 'the kernel refuses an image',
      facts: { disks: [{ row: 'disk-access', item: '/vm/a', text: 'No.', remedy: 'Give.' }] },
      check: { ...refused, text: 'No.', remedy: 'Give.', acceptable: true },
    },
  ],
  'disk-lock': [
    {
      when: 'another process has it',
      facts: { disks: [{ row: 'disk-lock', item: '/vm/a', text: 'Held.', remedy: 'End it.' }] },
      check: { ...refused, text: 'Held.', remedy: 'End it.' },
    },
  ],
  'guest-network': [
    { when: 'there is no tap', facts: { likeness: asStarted } },
    { when: 'the operator has started the destination', facts: { ...tap('ifname=vm1,script=no'), waiting } },
    {
      when: 'its bridge is missing there',
      facts: { ...tap('ifname=vm1,script=no'), ...bridged('source') },
      check: { ...refused, acceptable: true, command: 'ip link add br0 type bridge && ip link set br0 up' },
    },
    {
      when: 'it is in its bridge there',
      facts: { ...tap('ifname=vm1,script=no'), ...bridged('source', 'destination') },
      check: passed,
    },
    {
      when: 'it is in no bridge there',
      facts: { ...tap('ifname=vm1,script=no'), ...bridged('source', 'destination', 'br1') },
      check: { ...refused, command: 'ip link set vm1 master br0' },
    },
    {
      when: 'QEMU would make it',
      facts: tap('ifname=vm1,script=no,downscript=no'),
      check: { ...refused, command: 'ip tuntap add dev vm1 mode tap && ip link set vm1 up' },
    },
    { when: 'a script of the guest sees to it', facts: tap('ifname=vm1,script=/etc/qemu-ifup'), check: passed },
    {
      when: "the bridge helper's bridge is missing there",
      facts: tap('helper=/usr/lib/qemu/qemu-bridge-helper,br=br0'),
      check: refused,
    },
    {
      when: "the bridge helper's bridge is there",
      facts: { ...tap('helper=/usr/lib/qemu/qemu-bridge-helper,br=br0'), ...bridged('destination') },
      check: passed,
    },
  ],
  'open-files-unknown': [
    {
      when: 'they cannot be seen',
      facts: now({ process: { ...samplePortrait.process, openFilesKnown: false } }),
      check: refused,
    },
  ],
  'bitmap-in-memory': [
    {
      when: 'there is one',
      facts: {
        likeness: { ...asStarted, portrait: withLeaf(samplePortrait, ['nodes', 0, 'bitmaps', 0, 'persistent'], false) },
      },
      check: { ...refused, acceptable: true },
    },
  ],
  passwords: [
    {
      when: 'VNC has one',
      facts: { likeness: asStarted },
      check: { ...warned, command: expect.stringContaining('set_password') },
    },
    { when: 'there is none', facts: now({ displays: [{ kind: 'vnc', enabled: true, authentication: 'none' }] }) },
    {
      when: 'files hold them',
      facts: {
        ...now({
          displays: [
            { kind: 'spice', enabled: true, authentication: 'spice' },
            { kind: 'vnc', enabled: true, authentication: 'vnc' },
          ],
        }),
        ...settings({ passwordFiles: { vnc: '/etc/vnc', spice: '/etc/spice' } }),
      },
      check: {
        ...passed,
        text: 'On the destination the VNC password is set from /etc/vnc, and the SPICE password is set from /etc/spice. When it expires is not carried over (`expire_password`).',
      },
    },
    {
      when: 'the command line has it',
      facts: {
        ...now({ displays: [{ kind: 'spice', enabled: true, authentication: 'spice' }] }),
        guest: { ...guest, argv: ['qemu', '-spice', 'port=1,password-secret=s'] },
      },
      check: {
        ...passed,
        text: 'On the destination the SPICE password is that of the command line, even if it was changed since. When it expires is not carried over (`expire_password`).',
      },
    },
  ],
  'twin-process': [
    { when: 'what runs there is not known', facts: {} },
    { when: 'the guest cannot be read', facts: { ...starting({}), likeness: { unreadable: 'no answer' } } },
    {
      when: 'it would run as its source does',
      facts: starting({}, samplePortrait.process.controlGroup.limits),
      check: { ...passed, text: 'The destination runs with the process attributes of the source.' },
    },
    {
      when: 'a vCPU is pinned',
      facts: { ...starting({}, { 'memory.max': '1073741824' }), likeness: withVcpu({ processors: '1' }) },
      check: {
        ...passed,
        text: 'The destination runs with the process attributes of the source: vCPU 0 has processors 1, every memory node.',
      },
    },
    {
      when: 'the destination does not have its processor',
      facts: { ...starting({}, { 'memory.max': '1073741824' }), likeness: withVcpu({ processors: '7' }) },
      check: { ...warned, text: expect.stringContaining('does not have processors 7') },
    },
    {
      when: 'its control group is another',
      facts: starting({}),
      check: { ...warned, text: expect.stringContaining('/machine.slice limits the source by memory.max=1073741824') },
    },
    {
      when: 'more differs than one sentence holds',
      facts: {
        ...starting({ mayRaisePriority: false }, { 'memory.max': '1073741824' }),
        likeness: withVcpu({ niceness: -1 }, 20),
      },
      check: { ...warned, text: expect.stringMatching(/vCPU 11 has.*And 8 more\.$/) },
    },
  ],
  'twin-memory-limit': [
    { when: 'what runs there is not known', facts: {} },
    { when: 'there is none', facts: starting({}) },
    {
      when: 'the guest fits in',
      facts: starting({}, { 'memory.max': '1073741824, 8589934592' }),
      check: { ...passed, text: 'The control group /switchyard.service allows the destination 1 GiB.' },
    },
    {
      when: 'the guest does not',
      facts: starting({}, { 'memory.max': '8589934592, 67108864' }),
      check: { ...refused, acceptable: true, text: expect.stringContaining('limited to 64 MiB of memory') },
    },
    {
      when: 'the guest does not, by version 1',
      facts: starting({}, { 'memory.limit_in_bytes': '67108864' }),
      check: { ...refused, acceptable: true },
    },
  ],
  paths: [
    { when: 'there is one', facts: {}, check: { ...passed, text: '1 path, 1 Gbit/s.' } },
    { when: 'there are two', facts: { paths: [path, secondPath] }, check: { ...passed, text: '2 paths, 2 Gbit/s.' } },
    {
      when: 'the speed of one is not known',
      facts: { paths: [path, withoutSpeed(secondPath)] },
      check: { ...passed, text: '2 paths.' },
    },
    { when: 'there is none', facts: { paths: [] }, check: refused },
    {
      when: 'the operator leaves none',
      facts: {
        paths: [],
        leftOut: [
          { reason: 'tunnel', text: 'wg0 of alpha is a tunnel.' },
          { reason: 'excluded-by-operator', text: 'eth1 to eth1 is excluded.' },
        ],
        unmetChoice: ['--paths docker0 is not a path.'],
      },
      check: {
        ...refused,
        text: 'The choice of paths leaves none between alpha and beta. --paths docker0 is not a path. eth1 to eth1 is excluded.',
      },
    },
  ],
  'socket-owner': [
    { when: 'QEMU makes the connection', facts: {} },
    { when: 'Switchyard makes it', facts: settings({ socket: 'app' }), check: passed },
    {
      when: 'parallel connections are wanted',
      facts: settings({ socket: 'app', parallelConnections: 4 }),
      check: refused,
    },
    {
      when: 'the destination listens already',
      facts: { ...settings({ socket: 'app' }), waiting: listening },
      check: refused,
    },
  ],
  'parallel-connections': [
    { when: 'the destination is to be sent its address', facts: settings({ parallelConnections: 4 }) },
    {
      when: 'the destination listens already',
      facts: { ...settings({ parallelConnections: 4 }), waiting: listening },
      check: refused,
    },
  ],
  'listener-address': [
    { when: 'it is left to us', facts: {} },
    { when: 'it is the wildcard', facts: { listener: { host: '0.0.0.0', port: 4444 } } },
    { when: 'a path leads there', facts: { listener: { host: '10.0.1.2', port: 4444 } }, check: passed },
    { when: 'no path leads there', facts: { listener: { host: '192.0.2.1', port: 4444 } }, check: refused },
    {
      when: 'other paths could not join',
      facts: { paths: [path, secondPath], listener: { host: '10.0.1.2', port: 0 } },
      check: warned,
    },
    {
      when: 'the kernel lets other paths join',
      facts: { paths: [path, secondPath], listener: { host: '10.0.1.2', port: 4444 } },
      check: passed,
    },
  ],
  'mptcp-kernel': [
    { when: 'both speak it', facts: {}, check: passed },
    {
      when: 'one does not',
      facts: { destination: kernelWithout },
      check: {
        ...warned,
        text: 'The kernel of beta does not speak MPTCP: net.mptcp.enabled is 0.',
        remedy: 'Without it the migration uses plain TCP over one path.',
        command: 'sysctl -w net.mptcp.enabled=1',
      },
    },
    {
      when: 'one does not and it is required',
      facts: { destination: kernelWithout, ...settings({ mptcp: 'require' }) },
      check: { ...refused, remedy: 'Fix it, or migrate with --mptcp prefer.' },
    },
    {
      when: 'one does not and gives no reason',
      facts: { source: without(source, { usable: false }) },
      check: { ...warned, text: 'The kernel of alpha does not speak MPTCP: unknown reason' },
    },
    { when: 'it is not wanted', facts: { destination: kernelWithout, ...settings({ mptcp: 'off' }) } },
  ],
  'mptcp-qemu': [
    { when: 'both know it', facts: {}, check: passed },
    {
      when: 'one does not',
      facts: { source: qemu(source, '6.0.0', false) },
      check: { ...warned, text: 'QEMU 6.0.0 on alpha has no mptcp option.' },
    },
    {
      when: 'one does not and it is required',
      facts: { source: qemu(source, '6.0.0', false), ...settings({ mptcp: 'require' }) },
      check: refused,
    },
    {
      when: 'one does not and listens already',
      facts: { destination: qemu(destination, '6.0.0', false), waiting: listening },
      check: passed,
    },
    { when: 'it is not wanted', facts: settings({ mptcp: 'off' }) },
    { when: 'it is handed its socket', facts: settings({ socket: 'app' }) },
  ],
  'mptcp-paths': [
    { when: 'there is only one path', facts: {} },
    { when: 'it is not wanted', facts: { paths: [path, secondPath], ...settings({ mptcp: 'off' }) } },
    {
      when: 'both kernels are set up',
      facts: { paths: [path, secondPath] },
      check: { ...passed, text: 'Both kernels are set up for 2 paths.' },
    },
    {
      when: 'Switchyard sets them up',
      facts: { paths: [path, secondPath], preparation: commands },
      check: { ...passed, command: toDo },
    },
    {
      when: 'no process does',
      facts: { paths: [path, secondPath], preparation: commands, ...settings({ preparePaths: false }) },
      check: { ...warned, command: toDo },
    },
  ],
  'mptcp-foreign': [
    { when: 'nothing there belongs to others', facts: {} },
    {
      when: 'something does',
      facts: {
        preparation: {
          ...ready.preparation,
          warnings: [
            { side: 'destination', sentence: 'beta announces 10.0.9.2.', command: 'ip mptcp endpoint delete id 3' },
            { side: 'source', sentence: 'It is a backup.' },
            { side: 'source', sentence: 'alpha needs a route.', command: 'ip route add 10.0.2.2/32 dev eth2' },
          ],
        },
      },
      check: {
        ...warned,
        text: 'beta announces 10.0.9.2. It is a backup. alpha needs a route.',
        command:
          'ip netns exec beta ip mptcp endpoint delete id 3  # on the destination\nip netns exec alpha ip route add 10.0.2.2/32 dev eth2  # on the source',
      },
    },
    {
      when: 'it is not wanted',
      facts: {
        preparation: { ...ready.preparation, warnings: [{ side: 'source', sentence: 'x' }] },
        ...settings({ mptcp: 'off' }),
      },
    },
  ],
  'mptcp-borrowed': [
    { when: 'no other migration has set anything there', facts: {} },
    {
      when: 'another one has, and this one sets nothing itself',
      facts: {
        borrowers: [{ migrationId: '20260101T000000Z-0001', guest: 'db', hosts: ['alpha', 'beta'] }],
        ...settings({ preparePaths: false }),
      },
      check: {
        ...warned,
        text: 'The migration of db (20260101T000000Z-0001) has set MPTCP endpoints or limits on alpha and beta and puts them back when it ends: this one may then lose paths.',
      },
    },
    {
      when: 'this one sets its own as well',
      facts: { borrowers: [{ migrationId: '20260101T000000Z-0001', guest: 'db', hosts: ['alpha'] }] },
    },
    {
      when: 'TCP is wanted, whatever others do',
      facts: {
        borrowers: [{ migrationId: '20260101T000000Z-0001', guest: 'db', hosts: ['alpha'] }],
        ...settings({ mptcp: 'off', preparePaths: false }),
      },
    },
  ],
  'mptcp-stale-loss': [
    { when: 'the kernel notices a lost path', facts: {}, check: passed },
    {
      when: 'it does so too late',
      facts: { source: without(source, { sysctls: { 'mptcp/stale_loss_cnt': '2' } }) },
      check: { ...warned, command: 'sysctl -w net.mptcp.stale_loss_cnt=4' },
    },
    { when: 'this kernel has no such setting', facts: { source: without(source, { sysctls: {} }) } },
    { when: 'it is not wanted', facts: settings({ mptcp: 'off' }) },
  ],
  'first-path': [
    { when: 'the connection can begin there', facts: {} },
    {
      when: 'it cannot',
      facts: {
        firstObstacle: { text: 'alpha has no route.', remedy: 'Add one.', command: 'ip route add 10.0.1.2/32' },
      },
      check: { ...refused, text: 'alpha has no route.', command: 'ip netns exec alpha ip route add 10.0.1.2/32' },
    },
    {
      when: 'the address of the listener is that of no path',
      facts: {
        firstObstacle: { text: 'alpha has no route.', remedy: 'Add one.' },
        listener: { host: '192.0.2.9', port: 4444 },
      },
    },
  ],
  'path-choice': [
    { when: 'all paths may be used', facts: {} },
    {
      when: 'every path that was named is one',
      facts: settings({ pathChoice: { only: ['eth1', 'eth2'], without: ['eth3'], first: 'eth2' } }),
      check: { ...passed, text: 'The paths are chosen: --paths eth1,eth2 --without-path eth3 --first-path eth2.' },
    },
    {
      when: 'one that was named is none',
      facts: { ...settings({ pathChoice: { only: ['eth1', 'eth2'] } }), unmetChoice: ['--paths eth2 is not a path.'] },
      check: { ...warned, text: '--paths eth2 is not a path.' },
    },
    { when: 'there is no path at all', facts: { paths: [], ...settings({ pathChoice: { only: ['eth1'] } }) } },
  ],
  'paths-left-out': [
    { when: 'nothing is left out', facts: { leftOut: [] } },
    {
      when: 'what is left out is as it should be',
      facts: { leftOut: [{ reason: 'tunnel', text: 'wg0 of alpha is a tunnel.' }] },
      check: { ...passed, text: 'Not used: wg0 of alpha is a tunnel.' },
    },
    {
      when: 'something is missed',
      facts: {
        leftOut: [
          { reason: 'tunnel', text: 'wg0 of alpha is a tunnel.' },
          { reason: 'no-carrier', text: 'eth2 of alpha has no carrier.' },
          { reason: 'no-route', text: 'No route.', command: 'ip route add', commandSide: 'destination' },
          { reason: 'arp-answered-elsewhere', text: 'ARP.', command: 'sysctl -w', commandSide: 'source' },
          ...['1', '2'].map((text) => ({ reason: 'other-family' as const, text: `${text}.` })),
        ],
      },
      check: {
        ...warned,
        text: 'eth2 of alpha has no carrier. No route. ARP. 1. 1 more.',
        command:
          'ip netns exec beta ip route add  # on the destination\nip netns exec alpha sysctl -w  # on the source',
      },
    },
    { when: 'nothing can be done about it', facts: { leftOut: [{ reason: 'no-carrier', text: 'x' }] }, check: warned },
    {
      when: 'the operator left it out',
      facts: { leftOut: [{ reason: 'excluded-by-operator', text: 'eth2 is excluded.' }] },
      check: { ...passed, text: 'Not used: eth2 is excluded.' },
    },
    { when: 'there is no path at all', facts: { paths: [], leftOut: [{ reason: 'no-carrier', text: 'x' }] } },
  ],
  'mptcp-path-manager': [
    { when: 'the kernels have both', facts: { paths: [path, secondPath] } },
    {
      when: 'one is in the hands of a program',
      facts: {
        paths: [path, secondPath],
        destination: without(destination, { sysctls: { 'mptcp/path_manager': 'userspace' } }),
      },
      check: { ...warned, command: 'ip netns exec beta sysctl -w net.mptcp.path_manager=kernel' },
    },
    {
      when: 'that is said in the older way',
      facts: { paths: [path, secondPath], source: without(source, { sysctls: { 'mptcp/pm_type': '1' } }) },
      check: { ...warned, command: 'ip netns exec alpha sysctl -w net.mptcp.pm_type=0' },
    },
    { when: 'there is only one path', facts: {} },
    { when: 'it is not wanted', facts: { paths: [path, secondPath], ...settings({ mptcp: 'off' }) } },
  ],
  'mptcp-joins': [
    { when: 'they are taken everywhere', facts: { paths: [path, secondPath] } },
    { when: 'there are none', facts: { destination: withoutJoins() } },
    {
      when: 'they are not taken at the first address, where none is made',
      facts: { paths: [path, secondPath], destination: withoutJoins() },
      check: passed,
    },
    {
      when: 'they are not taken at the first address, where some are made',
      facts: {
        paths: [path, secondPath],
        source: without(source, { endpoints: [{ id: 1, address: '10.0.2.1', flags: ['subflow'] }] }),
        destination: withoutJoins(),
      },
      check: { ...warned, command: 'ip netns exec beta sysctl -w net.mptcp.allow_join_initial_addr_port=1' },
    },
    {
      when: 'it is not wanted',
      facts: { paths: [path, secondPath], destination: withoutJoins(), ...settings({ mptcp: 'off' }) },
    },
  ],
  'mptcp-memory': [
    { when: 'the kernel has always offered it', facts: {} },
    {
      when: 'it has stopped for a while',
      facts: {
        source: without(source, { counters: { Blackhole: 1 }, sysctls: { 'mptcp/blackhole_timeout': '3600' } }),
      },
      check: { ...warned, command: 'ip netns exec alpha sysctl -w net.mptcp.blackhole_timeout=3600' },
    },
    {
      when: 'it has connected without an offer',
      facts: {
        source: without(source, {
          counters: { MPCapableSYNTXDisabled: 2 },
          sysctls: { 'mptcp/blackhole_timeout': '3600' },
        }),
      },
      check: warned,
    },
    {
      when: 'it never stops',
      facts: { source: without(source, { counters: { Blackhole: 1 }, sysctls: { 'mptcp/blackhole_timeout': '0' } }) },
    },
    { when: 'it is not wanted', facts: settings({ mptcp: 'off' }) },
  ],
  mtu: [
    { when: 'both ends agree', facts: {}, check: passed },
    {
      when: 'they do not',
      facts: { destination: withMtu(destination, 9000) },
      check: { ...warned, text: 'The two ends of eth1 to eth1 have different MTUs.' },
    },
    { when: 'there is no path', facts: { paths: [] } },
  ],
  qemu: [
    { when: 'both are the same', facts: {}, check: { ...passed, text: 'QEMU 7.2.22 on both sides.' } },
    {
      when: 'the destination is newer',
      facts: { destination: qemu(destination, '9.0.0') },
      check: { ...passed, text: 'QEMU 7.2.22 to 9.0.0.' },
    },
    {
      when: 'the destination is older',
      facts: { destination: qemu(destination, '7.2.9') },
      check: { ...warned, text: 'QEMU 7.2.9 on beta is older than 7.2.22 on alpha.' },
    },
    {
      when: 'that of the source is not known',
      facts: { source: withoutQemu(source) },
      check: { ...passed, text: 'QEMU 7.2.22 on both sides.' },
    },
    { when: 'the destination has none', facts: { destination: withoutQemu(destination) }, check: refused },
    { when: 'the destination has none but one waits', facts: { destination: withoutQemu(destination), waiting } },
  ],
  memory: [
    { when: 'there is enough', facts: {}, check: passed },
    {
      when: 'there is too little',
      facts: { destination: { ...destination, memoryAvailableBytes: 2 ** 20 } },
      check: { ...refused, acceptable: true },
    },
    { when: 'it is not known how much it needs', facts: { guest: withoutMemory(guest) } },
  ],
  'tcg-lost-writes': [
    { when: 'the size avoids it', facts: {}, check: passed },
    {
      when: 'RAM is a multiple of 256 KiB',
      facts: { guest: { ...guest, memoryBytes: 2 ** 26 } },
      check: {
        ...refused,
        acceptable: true,
        remedy: 'Give the guest 8 KiB less (`-m 65528K`), or use QEMU 9.0 or later, or KVM.',
      },
    },
    {
      when: 'the command line does not name the size that QEMU has chosen',
      facts: {
        guest: withoutMemory(guest),
        ...now({ machine: { type: 'pc', memoryBytes: 2 ** 27, pluggedBytes: 0 }, memoryDevices: [] }),
      },
      check: { ...refused, acceptable: true },
    },
    {
      when: 'a DIMM is a multiple of 256 KiB',
      facts: now({ memoryDevices: samplePortrait.memoryDevices }),
      check: { ...refused, acceptable: true },
    },
    { when: 'QEMU is new enough', facts: { guest: { ...guest, memoryBytes: 2 ** 26 }, source: qemu(source, '9.0.0') } },
    { when: 'the guest runs under KVM', facts: { guest: { ...guest, memoryBytes: 2 ** 26, accelerator: 'kvm' } } },
  ],
};

function withoutMonitor({ monitorPath: _absent, ...rest }: Guest): Guest {
  return rest;
}
function withoutMemory({ memoryBytes: _absent, ...rest }: Guest): Guest {
  return rest;
}
function withoutSpeed({ speedBitsPerSecond: _absent, ...rest }: Path): Path {
  return rest;
}
function withoutQemu({ qemu: _absent, ...rest }: HostFacts): HostFacts {
  return rest;
}
function withMtu(host: HostFacts, mtu: number): HostFacts {
  return { ...host, interfaces: host.interfaces.map((each) => ({ ...each, mtu })) };
}
function withoutJoins(): HostFacts {
  return without(destination, { sysctls: { 'mptcp/allow_join_initial_addr_port': '0' } });
}
function withUuid(other: string): Guest {
  return { ...waitingGuest, identity: { ...waitingGuest.identity, uuid: other } };
}
function nameless(): Change {
  const identity = { ...guest.identity, uuid: '00000000-0000-0000-0000-000000000000' };
  return { guest: { ...guest, identity }, destinationGuests: [{ ...guest, identity }] };
}

describe.each(Object.entries(cases))('%s', (id, rows) => {
  test.each(rows)('$when', ({ facts, check }) => {
    const found = checkOf(id, facts);
    expect(found && { ...found, ...check }).toEqual(check && found);
    expect(found === undefined).toBe(check === undefined);
  });
});

test('every check that there is has been asked', () => {
  const asked = new Set(Object.keys(cases));
  const all = Object.values(cases).flatMap((rows) => rows.flatMap(({ facts }) => preflight({ ...ready, ...facts })));
  expect(new Set(all.map(({ id }) => id))).toEqual(asked);
});

test('each refusal and each warning says what to do', () => {
  const all = Object.values(cases).flatMap((rows) => rows.flatMap(({ facts }) => preflight({ ...ready, ...facts })));
  expect(all.filter((check) => !check.passed && !check.remedy)).toEqual([]);
});

describe('what stops a start', () => {
  const tooLittle = preflight({ ...ready, destination: { ...destination, memoryAvailableBytes: 2 ** 20 } });

  test('nothing, when all is in order', () => {
    expect(refusals(preflight(ready), [])).toEqual([]);
  });

  test('an error', () => {
    expect(refusals(tooLittle, []).map(({ id }) => id)).toEqual(['memory']);
  });

  test('not one that the operator accepts', () => {
    expect(refusals(tooLittle, ['memory'])).toEqual([]);
  });

  test('also an accepted one that cannot be accepted', () => {
    expect(refusals(preflight({ ...ready, paths: [] }), ['paths']).map(({ id }) => id)).toEqual(['paths']);
  });

  test('never a warning', () => {
    expect(refusals(preflight({ ...ready, destination: kernelWithout }), [])).toEqual([]);
  });
});
