import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LinkChange } from '#main/engine/ports.ts';
import { LinkCarriers } from './link-carriers.ts';

const up = (name: string): LinkChange => ({ interface: name, carrier: true });
const down = (name: string): LinkChange => ({ interface: name, carrier: false });

function reporting(): { readonly carriers: LinkCarriers; readonly reported: LinkChange[] } {
  const reported: LinkChange[] = [];
  return { carriers: new LinkCarriers((change) => reported.push(change)), reported };
}

test('reports the links that are down, then what changes, each change once', async () => {
  const { carriers, reported } = reporting();
  await carriers.list(() => Promise.resolve([up('eth1'), down('eth2')]));
  for (const change of [up('eth1'), down('eth1'), down('eth1'), up('eth2')]) carriers.changed(change);
  expect(reported).toEqual([down('eth2'), down('eth1'), up('eth2')]);
});

test('a change that comes while the list is on its way counts for more than the list', async () => {
  const { carriers, reported } = reporting();
  const { promise, resolve } = Promise.withResolvers<LinkChange[]>();
  const listed = carriers.list(() => promise);
  carriers.changed(down('eth1'));
  resolve([up('eth1')]);
  await listed;
  expect(reported).toEqual([down('eth1')]);
});

test('a link that a new list does not have has gone', async () => {
  const { carriers, reported } = reporting();
  await carriers.list(() => Promise.resolve([up('eth1'), up('eth2')]));
  await carriers.list(() => Promise.resolve([up('eth1')]));
  expect(reported).toEqual([down('eth2')]);
});

test('a list that cannot be read leaves what is known, and keeps no change back', async () => {
  const { carriers, reported } = reporting();
  const listed = carriers.list(() => Promise.reject(new Error('no')));
  carriers.changed(down('eth1'));
  await expect(listed).rejects.toThrow('no');
  carriers.changed(up('eth1'));
  expect(reported).toEqual([down('eth1'), up('eth1')]);
});

/** Links that change, a kernel that reports it in order, with lists and reports on their way for as long as chance wants. */
class Kernel {
  readonly #carriers: LinkCarriers;
  readonly truth = new Map([
    ['eth1', true],
    ['eth2', true],
  ]);
  #events: LinkChange[] = [];
  readonly #unseen: ((links: readonly LinkChange[]) => void)[] = [];
  readonly #unsent: (() => void)[] = [];

  constructor(carriers: LinkCarriers) {
    this.#carriers = carriers;
  }

  toggle(name: string): void {
    const carrier = this.truth.get(name) !== true;
    this.truth.set(name, carrier);
    this.#events.push({ interface: name, carrier });
  }

  deliver(): void {
    const event = this.#events.shift();
    if (event) this.#carriers.changed(event);
  }

  /** Reports are lost, and the listener learns that some are. */
  overrun(): void {
    this.#events = [];
    this.list();
  }

  list(): void {
    void this.#carriers.list(() => new Promise((resolve) => this.#unseen.push(resolve)));
  }

  /** Looks at the links for the oldest list that was asked for. */
  look(): void {
    const resolve = this.#unseen.shift();
    const links = Array.from(this.truth, ([name, carrier]) => ({ interface: name, carrier }));
    if (resolve) this.#unsent.push(() => resolve(links));
  }

  answer(): void {
    this.#unsent.shift()?.();
  }
}

const moves = ['toggle eth1', 'toggle eth2', 'deliver', 'overrun', 'look', 'answer'] as const;

function make(kernel: Kernel, move: (typeof moves)[number]): void {
  switch (move) {
    case 'toggle eth1':
      return kernel.toggle('eth1');
    case 'toggle eth2':
      return kernel.toggle('eth2');
    case 'deliver':
      return kernel.deliver();
    case 'overrun':
      return kernel.overrun();
    case 'look':
      return kernel.look();
    case 'answer':
      return kernel.answer();
  }
}

describe('in any order', () => {
  test('in the end every link is known as it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...moves), { maxLength: 40 }), async (story) => {
        const { carriers, reported } = reporting();
        const kernel = new Kernel(carriers);
        kernel.list();
        for (const move of story) {
          make(kernel, move);
          await settled();
        }
        // Everything that is on its way arrives, the answers first or last.
        for (const move of story.flatMap(() => ['look', 'answer'] as const).concat(['look', 'answer'])) {
          make(kernel, move);
          await settled();
        }
        for (const _ of story) kernel.deliver();
        await settled();
        const known = new Map([...kernel.truth.keys()].map((name) => [name, true]));
        for (const change of reported) known.set(change.interface, change.carrier);
        expect(known).toEqual(kernel.truth);
      }),
    );
  });
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}
