import { monitorEventLoopDelay } from 'node:perf_hooks';
import { defaultSettings } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import { labStatus } from '#lab/lab.ts';
import type { Application } from '#main/app/application.ts';

/** What one probe found out, against what the links were shaped to. */
export interface ProbeRun {
  /** Of each path: what it was measured to carry, of what a link of its rate carries of an MPTCP connection's own bytes. */
  readonly ratios: readonly number[];
  /** The longest time for which this process did nothing else. */
  readonly standstillMs: Milliseconds;
}

/** Of a full frame as a shaper counts it, less TCP's headers and MPTCP's option: measured over two links. */
const payloadShare = 0.956 * 0.984;

export async function probeRun(application: Application, lab: string, rates: readonly number[]): Promise<ProbeRun> {
  const { guest, hosts } = await labStatus(lab);
  const to = hosts.find(({ id }) => id !== guest?.host);
  if (!guest?.host || !to) throw new Error(`the guest of ${lab} is nowhere`);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const { plan } = await application.preflight({
    guest: guest.name,
    from: guest.host,
    to: to.id,
    settings: defaultSettings,
    probe: 'always',
  });
  delay.disable();
  const ratios = rates.map((rate, index) => {
    const path = plan.paths.find(({ sourceInterface }) => sourceInterface === `eth${index + 1}`);
    return (path?.probe?.capacityBitsPerSecond ?? NaN) / (rate * payloadShare);
  });
  return { ratios, standstillMs: delay.max / 1e6 };
}
