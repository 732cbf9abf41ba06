import { invalidRequest, SwitchyardError } from '#contract/errors.ts';
import type { Guest } from '#contract/host.ts';
import type { ListenerAddress } from '#contract/migration.ts';
import type { MigrationHost, Qemu } from '#main/engine/ports.ts';
import type { WaitingFacts } from '#main/engine/preflight-facts.ts';
import { parseIncoming } from '#main/qmp/address.ts';
import { listenerOfWaiting } from './listener-address.ts';
import { meantBy, processesOf } from './pick-guest.ts';

/** A QEMU that the operator has started to receive a guest, with everything that is known before it is touched. */
export interface Waiting {
  readonly facts: WaitingFacts;
  /** Where it listens already; absent where it waits for an address. */
  readonly listener: ListenerAddress | undefined;
}

/** By name, uuid, or process number. Throws `invalid-request`, which names those that wait. */
export function pickWaiting(guests: readonly Guest[], name: string, hostId: string): Guest {
  const waiting = guests.filter((guest) => guest.waiting);
  const found = meantBy(name, waiting);
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  if (only) {
    throw invalidRequest(
      `${found.length} QEMUs called ${name} wait on ${hostId}.`,
      `Name one by its process: ${processesOf(found)}.`,
      'toWaiting',
    );
  }
  const there = waiting.map((guest) => guest.name).join(', ');
  throw invalidRequest(
    guests.some((guest) => guest.name === name)
      ? `${name} on ${hostId} does not wait for a migration, or its monitor is held by another program.`
      : `No QEMU called ${name} waits on ${hostId}.`,
    there === ''
      ? 'Start one with the command line of the guest and `-incoming defer`, or leave --to-waiting out.'
      : `Those that wait there: ${there}.`,
    'toWaiting',
  );
}

/** Looks at both QEMUs, and changes nothing. */
export async function readWaiting(
  { host, guest: waiting }: { readonly host: MigrationHost; readonly guest: Guest },
  { host: source, guest }: { readonly host: MigrationHost; readonly guest: Guest },
): Promise<Waiting> {
  const [address, answer] = [addressOf(waiting), await read(host, waiting, source, guest)];
  return {
    facts: {
      guest: waiting,
      addressProblem: 'problem' in address ? address.problem : undefined,
      listens: waiting.incoming !== 'defer',
      answer,
    },
    listener: 'listener' in address ? address.listener : undefined,
  };
}

async function read(
  host: MigrationHost,
  waiting: Guest,
  source: MigrationHost,
  guest: Guest,
): Promise<WaitingFacts['answer']> {
  try {
    const [own, guestHardware] = await Promise.all([
      visit(host, waiting, async (qemu) => {
        const [{ run, migration }, addresses, hardware] = await Promise.all([
          qemu.status(),
          qemu.listeningOn(),
          qemu.hardware(),
        ]);
        return { run, migration, listens: addresses.length > 0, hardware };
      }),
      visit(source, guest, (qemu) => qemu.hardware()),
    ]);
    return { ...own, guestHardware };
  } catch (thrown) {
    if (thrown instanceof SwitchyardError) return { unreadable: thrown.failure.text };
    throw thrown;
  }
}

/** A QEMU serves one client at a time: no other one is kept waiting for longer than the answer takes. */
export async function visit<Answer>(
  host: MigrationHost,
  { identity, monitorPath, name }: Guest,
  ask: (qemu: Qemu) => Promise<Answer>,
): Promise<Answer> {
  if (monitorPath === undefined) throw invalidRequest(`${name} has no monitor socket.`, 'Start it with one.', 'guest');
  const qemu = await host.attach(identity, monitorPath);
  try {
    return await ask(qemu);
  } finally {
    qemu.close();
  }
}

function addressOf({
  incoming = 'defer',
}: Guest): { readonly listener: ListenerAddress | undefined } | { readonly problem: WaitingFacts['addressProblem'] } {
  try {
    const parsed = parseIncoming(incoming);
    return { listener: parsed.kind === 'defer' ? undefined : listenerOfWaiting(parsed.address, incoming) };
  } catch (thrown) {
    if (!(thrown instanceof SwitchyardError)) throw thrown;
    const { text, remedy } = thrown.failure;
    return { problem: { text, remedy } };
  }
}
