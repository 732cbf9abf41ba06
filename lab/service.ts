import type { CommandRequest, CommandResponse } from '#contract/channels.ts';
import type { LabView } from '#contract/lab.ts';
import { SwitchyardError } from '#contract/errors.ts';
import { labDown } from './down.ts';
import { labList } from './find-lab.ts';
import { labLink } from './link.ts';
import { labStatus, type LabStatus } from './status.ts';
import { labUp } from './up.ts';
import { labVerify } from './verify.ts';

/** The lab as a window uses it: the contract's terms, and nothing of where its files are. */
export const labService = {
  /** One that goes while it is looked at is left out. */
  async list(): Promise<CommandResponse<'lab.list'>> {
    const names = await labList();
    const looked = await Promise.all(names.map((name) => labStatus(name).then(viewOf, absentIfGone)));
    return looked.flatMap((view) => view ?? []);
  },

  async up({ name, linkRatesBitsPerSecond, guestMemoryBytes }: CommandRequest<'lab.up'>): Promise<LabView> {
    return viewOf(
      await labUp({
        ...(name === undefined ? {} : { name }),
        ...(linkRatesBitsPerSecond === undefined ? {} : { linkRatesBitsPerSecond }),
        ...(guestMemoryBytes === undefined ? {} : { guestMemoryBytes }),
      }),
    );
  },

  link({ name, index, state }: CommandRequest<'lab.link'>): Promise<CommandResponse<'lab.link'>> {
    return labLink(name, index, state);
  },

  async verify(name: string): Promise<CommandResponse<'lab.verify'>> {
    const proof = await labVerify(name);
    const { guest, host = 'no host' } = proof;
    return proof.proven
      ? { proven: true, text: `The memory of ${guest} on ${host} is proven: ${proof.steps} writes, none lost.` }
      : { proven: false, text: `The memory of ${guest} on ${host} is not proven: ${proof.reason}.` };
  },

  async down(name: string): Promise<CommandResponse<'lab.down'>> {
    const { removed } = await labDown(name);
    return { removed: [...removed] };
  },
};

function viewOf({ name, hosts, links, guest }: LabStatus): LabView {
  return {
    name,
    hosts: hosts.map(({ id, namespace, addresses }) => ({ id, namespace, addresses: [...addresses] })),
    links: links.map(({ index, rateBitsPerSecond, state, source, destination }) => ({
      index,
      rateBitsPerSecond,
      state,
      source,
      destination,
    })),
    ...(guest && {
      guest: {
        name: guest.name,
        state: guest.state,
        pid: guest.pid,
        ...(guest.host === undefined ? {} : { host: guest.host }),
      },
    }),
  };
}

function absentIfGone(thrown: unknown): undefined {
  if (thrown instanceof SwitchyardError && thrown.failure.kind === 'invalid-request') return undefined;
  throw thrown;
}
