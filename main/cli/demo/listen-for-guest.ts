import type { Milliseconds } from '#contract/units.ts';
import type { LabGuest } from '#lab/lab.ts';
import type { Clock } from '#main/cli/clock.ts';
import type { LabPort } from '#main/cli/context.ts';
import type { MigrationView } from '#main/cli/drive.ts';

/** Hears a lab's guest on both hosts: what the move cost it, as it felt it itself. */
export interface Ear extends AsyncDisposable {
  /** The same view, behind which the destination's serial port is found as soon as it is there. */
  heard(view: MigrationView): MigrationView;
  /** The longest silence; `undefined` when one of the two ports could not be heard. */
  silenceMs(clock: Clock): Promise<Milliseconds | undefined>;
}

/** A guest that has just arrived beats within this. */
const firstBeatMs = 200;

export async function listenForGuest(lab: LabPort, guest: LabGuest | undefined): Promise<Ear> {
  const heartbeats = new lab.HeartbeatWatch();
  const ports: Promise<boolean>[] = [addPort(guest?.serialPath, false)];

  async function addPort(serialPath: string | undefined, fromStart: boolean): Promise<boolean> {
    if (serialPath === undefined) return false;
    return heartbeats.add(serialPath, { fromStart }).then(
      () => true,
      () => false,
    );
  }
  async function addTwin(pid: number): Promise<boolean> {
    const copies = lab.findGuests((name) => name === guest?.name);
    return addPort(copies.find((copy) => copy.pid === pid)?.serial, true);
  }

  await Promise.all(ports);
  return {
    heard: (view) => ({
      ...view,
      entry: (entry) => {
        view.entry(entry);
        const started = entry.event.kind === 'done' ? entry.event.started : undefined;
        if (started) ports.push(addTwin(started.identity.pid));
      },
    }),
    silenceMs: async (clock) => {
      await clock.sleep(firstBeatMs);
      const heard = await Promise.all(ports);
      return heard.length === 2 && heard.every(Boolean) ? heartbeats.report().longestGapMs : undefined;
    },
    [Symbol.asyncDispose]: () => heartbeats[Symbol.asyncDispose](),
  };
}
