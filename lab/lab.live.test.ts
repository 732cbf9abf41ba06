import { existsSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { findGuests } from './guest/processes.ts';
import { run } from './command.ts';
import { labDown, labLink, labList, labStatus, labUp, labVerify, type LabOptions, type LabStatus } from './lab.ts';
import { whyNoLabs } from './testing/requirements.ts';

const mebibyte = 2 ** 20;
const lab = `sy-${process.pid}-a`;
const second = `sy-${process.pid}-b`;
const small: LabOptions = { name: lab, guestMemoryBytes: 32 * mebibyte };
const reason = await whyNoLabs();

afterEach(async () => {
  await labDown(lab);
  await labDown(second);
});

/** Everything on this machine that has the name of a lab of these tests. */
async function traces(): Promise<string[]> {
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  const guests = findGuests(() => true);
  return [...namespaces, ...guests.map(({ name }) => name)].filter((name) => name.startsWith(`sy-${process.pid}-`));
}

describe.skipIf(reason !== '')(`a lab${reason}`, () => {
  test('reports what it is', async () => {
    expect(await labUp({ ...small, linkRatesBitsPerSecond: [500e6, 1e9] })).toEqual({
      name: lab,
      directory: expect.stringMatching(`/labs/${lab}$`),
      hosts: [
        host(`${lab}-source`, ['10.77.1.1', '10.77.2.1']),
        host(`${lab}-destination`, ['10.77.1.2', '10.77.2.2']),
      ],
      links: [link(1, 500e6), link(2, 1e9)],
      guest: expect.objectContaining({
        name: `${lab}-guest`,
        host: `${lab}-source`,
        state: 'running',
        memoryBytes: 32 * mebibyte - 8192,
        walk: { startAddress: mebibyte, bytes: 25 * mebibyte, pagesPerSecond: 1500 },
      }),
      otherCopies: [],
    } satisfies Record<keyof LabStatus, unknown>);
  });

  test('prepares MPTCP for moves in both directions', async () => {
    await labUp({ ...small, linkRatesBitsPerSecond: [500e6, 500e6, 500e6] });
    const endpoints = await Promise.all(['source', 'destination'].map((side) => mptcp(`${lab}-${side}`, 'endpoint')));
    expect(endpoints).toEqual([
      ['10.77.2.1 id 1 signal dev eth2', '10.77.3.1 id 2 signal dev eth3'],
      ['10.77.2.2 id 1 signal dev eth2', '10.77.3.2 id 2 signal dev eth3'],
    ]);
    expect(await mptcp(`${lab}-source`, 'limits')).toEqual(['add_addr_accepted 8 subflows 8']);
  });

  test('can be made with the path manager untouched and MPTCP off on one host', async () => {
    const { hosts } = await labUp({ ...small, pathManager: 'untouched', mptcpOff: ['destination'] });
    expect(hosts.map(({ mptcpEnabled }) => mptcpEnabled)).toEqual([true, false]);
    expect(await mptcp(`${lab}-destination`, 'endpoint')).toEqual([]);
  });

  test('proves its memory and lets the guest run on', async () => {
    await labUp(small);
    const first = await labVerify(lab);
    const again = await labVerify(lab);
    expect([first, again]).toEqual([
      expect.objectContaining({ proven: true, guest: `${lab}-guest`, host: `${lab}-source` }),
      expect.objectContaining({ proven: true }),
    ]);
    expect(stepsOf(again)).toBeGreaterThan(stepsOf(first));
    expect((await labStatus(lab)).guest?.state).toBe('running');
  });

  test('leaves nothing behind', async () => {
    const { directory } = await labUp(small);
    const { removed } = await labDown(lab);
    expect(removed).toEqual([
      expect.stringMatching(/^QEMU \d+$/),
      `namespace ${lab}-source`,
      `namespace ${lab}-destination`,
      directory,
    ]);
    expect([await traces(), existsSync(directory)]).toEqual([[], false]);
    expect(await labDown(lab)).toEqual({ name: lab, removed: [] });
  });

  test('exists once by its name, and beside others', async () => {
    await Promise.all([labUp(small), labUp({ ...small, name: second })]);
    expect(await labList()).toEqual(expect.arrayContaining([lab, second]));
    await expect(labUp(small)).rejects.toThrow(`A lab called "${lab}" exists already.`);
    await labDown(second);
    expect((await labVerify(lab)).proven).toBe(true);
  });

  test('that is not there is named, with what to do', async () => {
    await expect(labStatus(lab)).rejects.toThrow(`There is no lab called "${lab}" here.`);
  });

  test('undoes itself when its guest does not start, and says why', async () => {
    const impossible = { ...small, guestMemoryBytes: 2 ** 50, guestWalkBytes: 16 * mebibyte };
    await expect(labUp(impossible)).rejects.toThrow(/QEMU ended before its guest ran.*memory/s);
    expect(await traces()).toEqual([]);
  });

  test('whose namespaces are gone is still removed', async () => {
    await labUp(small);
    for (const side of ['source', 'destination']) await run('ip', ['netns', 'delete', `${lab}-${side}`]);
    await expect(labUp(small)).rejects.toThrow(`A guest of a lab called "${lab}" is still running.`);
    expect((await labDown(lab)).removed).toEqual([expect.stringMatching(/^QEMU/), expect.stringMatching(/^\//)]);
    expect(await traces()).toEqual([]);
  });

  test('that was being made by a command that was killed is removed', async () => {
    await run('ip', ['netns', 'add', `${lab}-source`]);
    expect(await labDown(lab)).toEqual({ name: lab, removed: [`namespace ${lab}-source`] });
  });

  test("never touches a namespace that is not a lab's", async () => {
    const foreign = `${lab}-source`;
    await run('ip', ['netns', 'add', foreign]);
    onTestFinished(async () => void (await run('ip', ['netns', 'delete', foreign])));
    await run('ip', ['-n', foreign, 'link', 'set', 'lo', 'up']);
    await expect(labUp(small)).rejects.toThrow(`A network namespace called "${foreign}" exists that is no lab's.`);
    expect([await labDown(lab), await traces()]).toEqual([{ name: lab, removed: [] }, [foreign]]);
  });
});

describe.skipIf(reason !== '')(`a link of a lab${reason}`, () => {
  test('that was cut comes back with its address, its route and its endpoint', async () => {
    await labUp(small);
    const before = await networkOf(`${lab}-source`);
    expect((await labLink(lab, 2, 'down')).state).toBe('down');
    expect(await networkOf(`${lab}-source`)).not.toEqual(before);
    expect((await labLink(lab, 2, 'up')).state).toBe('up');
    expect(await networkOf(`${lab}-source`)).toEqual(before);
  });

  test('can be cut on the other host', async () => {
    await labUp(small);
    await labLink(lab, 1, 'down', { side: 'destination' });
    const states = (await labStatus(lab)).links.map(({ state }) => state);
    expect(states).toEqual(['down', 'up']);
  });

  test('keeps its carrier while it is silent', async () => {
    await labUp(small);
    expect((await labLink(lab, 2, 'silent')).state).toBe('silent');
    expect((await labLink(lab, 2, 'down')).state).toBe('down');
    expect((await labLink(lab, 2, 'silent')).state).toBe('silent');
    expect((await labLink(lab, 2, 'up')).state).toBe('up');
  });

  test('that does not exist is named', async () => {
    await labUp(small);
    await expect(labLink(lab, 3, 'down')).rejects.toThrow(`The lab "${lab}" has no link 3.`);
  });
});

function host(id: string, addresses: readonly string[]) {
  return { id, namespace: id, addresses, mptcpEnabled: true };
}

function link(index: number, rateBitsPerSecond: number) {
  return {
    index,
    rateBitsPerSecond,
    state: 'up',
    source: { interface: `eth${index}`, address: `10.77.${index}.1` },
    destination: { interface: `eth${index}`, address: `10.77.${index}.2` },
  };
}

function stepsOf(proof: Awaited<ReturnType<typeof labVerify>>): number {
  return proof.proven ? proof.steps : Number.NaN;
}

async function mptcp(namespace: string, what: 'endpoint' | 'limits'): Promise<string[]> {
  return lines(await run('ip', ['-n', namespace, 'mptcp', what, 'show']));
}

async function networkOf(namespace: string): Promise<string[][]> {
  return [lines(await run('ip', ['-n', namespace, '-4', 'route', 'show'])), await mptcp(namespace, 'endpoint')];
}

function lines(text: string): string[] {
  return text.split('\n').flatMap((line) => line.trim() || []);
}
