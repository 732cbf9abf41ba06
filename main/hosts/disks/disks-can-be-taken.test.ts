import { describe, expect, test } from 'vitest';
import type { QemuIdentity } from '#contract/host.ts';
import type { Credentials } from '#main/hosts/process/process-status.ts';
import type { Finding } from '#main/likeness/finding.ts';
import type { OpenImage } from '#main/likeness/open-image.ts';
import { disksCanBeTaken, type DiskPorts } from './disks-can-be-taken.ts';
import type { FileLock } from './file-lock.ts';

const file = 'fe:00:7';
const [source, twin, other] = [11, 12, 13];
const image: OpenImage = { path: '/vm/a.raw', leadsTo: '1:2', forWriting: true, direct: false };
const locked: OpenImage = { ...image, locks: { file, bytes: [100, 101, 201] } };
const unshared: FileLock = { file, kind: 'read', first: 201, last: 201 };
/** No user of this machine has that number. */
const stranger = 3_999_999;

const ids = (id: number): Credentials['uids'] => ({ real: id, effective: id, saved: id, filesystem: id });
function credentialsOf(uid: number, groups: readonly number[] = []): Credentials {
  return {
    uids: ids(uid),
    gids: ids(uid),
    groups,
    permitted: 0n,
    bounding: 0n,
    noNewPrivileges: false,
    isFiltered: false,
  };
}

interface Machine {
  /** As whom we act. */
  readonly us: number;
  /** Of every process. */
  readonly theirs: Credentials | undefined;
  /** By whom an image may be opened: anyone, where it is absent. */
  readonly refused?: string;
  /** At each look, of the process `other`; the last for all later ones. */
  readonly held: readonly (readonly FileLock[])[];
  readonly program: { readonly program: string | undefined; readonly argv: readonly string[] };
}

/** A machine of fakes: what it answers, and what was done on it. */
function machine(changes: Partial<Machine> = {}): { readonly ports: DiskPorts; readonly done: string[] } {
  const done: string[] = [];
  const { us, theirs, refused, held, program }: Machine = {
    us: 0,
    theirs: credentialsOf(0),
    held: [[]],
    program: { program: '/usr/bin/qemu-img', argv: ['qemu-img'] },
    ...changes,
  };
  let look = 0;
  const heldNow = (): readonly FileLock[] => held[Math.min(look, held.length - 1)] ?? [];
  const ports: DiskPorts = {
    calls: {
      open: (path) => {
        done.push(`open ${path}`);
        if (refused !== undefined) throw Object.assign(new Error(refused), { code: refused });
        return 7;
      },
      close: () => undefined,
      isLocked: () => false,
      mayAccess: () => true,
      isReadOnlyDevice: () => false,
    },
    locks: {
      all: heldNow,
      of: (pid) => (pid === other ? heldNow() : []),
      processes: () => [source, twin, other],
    },
    ourselves: () => ({ uid: us, gid: us, credentials: credentialsOf(us) }),
    credentials: () => theirs,
    program: () => program,
    asFileUser: ({ uid }, open) => {
      done.push(`as ${uid}`);
      return open();
    },
    sleep: (ms) => {
      look += 1;
      done.push(`rest ${ms}`);
      return Promise.resolve();
    },
  };
  return { ports, done };
}

const identity = (pid: number): QemuIdentity => ({ uuid: '', pid, bootId: 'boot', startTimeTicks: 1 });

function findings(ports: DiskPorts, ...images: readonly OpenImage[]): Promise<readonly Finding[]> {
  return disksCanBeTaken({ opener: identity(twin), own: [identity(source), identity(twin)], images }, ports);
}

async function texts(changes: Partial<Machine>, ...images: readonly OpenImage[]): Promise<readonly string[]> {
  return (await findings(machine(changes).ports, ...images)).map(({ text }) => text);
}

describe('the images are opened', () => {
  test.each<[string, Partial<Machine>, readonly string[]]>([
    ['as ourselves where the QEMU is our own', { theirs: credentialsOf(0) }, ['open /vm/a.raw']],
    ['as the user of the QEMU', { theirs: credentialsOf(stranger) }, [`as ${stranger}`, 'open /vm/a.raw']],
    ['with the groups of the QEMU', { theirs: credentialsOf(0, [5]) }, ['as 0', 'open /vm/a.raw']],
    ['as ourselves where we can be no other user', { us: 7, theirs: credentialsOf(stranger) }, ['open /vm/a.raw']],
    ['as ourselves where the user of the QEMU is not known', { theirs: undefined }, ['open /vm/a.raw']],
  ])('%s', async (_as, changes, expected) => {
    const { ports, done } = machine(changes);
    await findings(ports, image);
    expect(done).toEqual(expected);
  });

  test('as ourselves where our own groups are not known and the QEMU has none', async () => {
    const { ports, done } = machine();
    await findings({ ...ports, ourselves: () => ({ uid: 0, gid: 0, credentials: undefined }) }, image);
    expect(done).toEqual(['open /vm/a.raw']);
  });
});

describe('an image that cannot be opened', () => {
  test.each([
    ['EACCES', 'permission denied'],
    ['EPERM', 'operation not permitted'],
    ['EROFS', 'it is read-only'],
    ['ENOENT', 'it does not exist'],
    ['EINVAL', 'its file system does not support direct I/O (O_DIRECT)'],
    ['EIO', 'EIO'],
  ])('is reported with the reason of the kernel, %s, and the user', async (refused, reason) => {
    expect(await texts({ refused, theirs: credentialsOf(stranger) }, image)).toEqual([
      `/vm/a.raw cannot be opened for writing by user ${stranger}, which is the user of QEMU on the destination: ${reason}.`,
    ]);
  });

  test('for reading is reported so, also where the user is not known', async () => {
    expect(await texts({ refused: 'EACCES', theirs: undefined }, { ...image, forWriting: false })).toEqual([
      '/vm/a.raw cannot be opened by its user, which is the user of QEMU on the destination: permission denied.',
    ]);
  });

  test('is reported once, without another look', async () => {
    const { ports, done } = machine({ refused: 'ENOENT' });
    expect([await findings(ports, image), done]).toEqual([
      [expect.objectContaining({ row: 'disk-access', remedy: 'Put the image back there, then migrate.' })],
      ['open /vm/a.raw'],
    ]);
  });
});

describe('an image that another process has locked', () => {
  const by = (holder: string): string[] => [
    `${holder} holds a lock on /vm/a.raw that excludes writing, so that QEMU on the destination could not start the guest.`,
  ];

  test('is reported when the lock is still there at the third look, 20 ms after each other', async () => {
    const { ports, done } = machine({ held: [[unshared]] });
    expect([(await findings(ports, locked)).map(({ row, item }) => [row, item]), done]).toEqual([
      [['disk-lock', '/vm/a.raw']],
      ['open /vm/a.raw', 'rest 20', 'open /vm/a.raw', 'rest 20', 'open /vm/a.raw'],
    ]);
  });

  test('is not reported when the lock was there for a moment', async () => {
    const { ports, done } = machine({ held: [[unshared], []] });
    expect([await findings(ports, locked), done.length]).toEqual([[], 3]);
  });

  test.each<[string, Partial<Machine>, string]>([
    ['a program of a user', { theirs: credentialsOf(stranger) }, `qemu-img (process ${other} of user ${stranger})`],
    [
      'the guest of another QEMU',
      {
        theirs: undefined,
        program: { program: '/usr/bin/qemu-system-x86_64', argv: ['qemu', '-name', 'guest=db,process=x'] },
      },
      `qemu-system-x86_64 (process ${other} with the guest db)`,
    ],
    [
      'a QEMU without a name',
      { theirs: undefined, program: { program: '/usr/bin/qemu-system-x86_64', argv: ['qemu'] } },
      `qemu-system-x86_64 (process ${other})`,
    ],
    [
      'a program whose file is not shown',
      { theirs: undefined, program: { program: undefined, argv: ['/sbin/backup'] } },
      `backup (process ${other})`,
    ],
    [
      'a program without a name',
      { theirs: undefined, program: { program: undefined, argv: [] } },
      `A program (process ${other})`,
    ],
  ])('is reported with its holder: %s', async (_who, changes, holder) => {
    expect(await texts({ held: [[unshared]], ...changes }, locked)).toEqual(by(holder));
  });

  test('by a process that is not shown is reported with what to do on the other hosts', async () => {
    const { ports } = machine({ held: [[unshared]] });
    const unseen = { ...ports, locks: { ...ports.locks, of: () => [] } };
    expect(await findings(unseen, locked)).toEqual([
      {
        row: 'disk-lock',
        item: '/vm/a.raw',
        text: by('A process that this host does not show')[0],
        remedy: 'Find out on the other hosts of this storage which of them uses the image, and end that, then migrate.',
      },
    ]);
  });

  test('does not matter for an image that QEMU does not lock', async () => {
    expect(await texts({ held: [[unshared]] }, image)).toEqual([]);
  });
});

test('this machine is asked where nothing else is given: a file that is there can be taken', async () => {
  const own = [identity(process.pid)];
  const images = [{ ...image, path: import.meta.filename, forWriting: false }];
  expect(await disksCanBeTaken({ opener: identity(process.pid), own, images })).toEqual([]);
});
