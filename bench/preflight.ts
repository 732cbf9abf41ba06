import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultSettings } from '#contract/default-settings.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import { labStatus } from '#lab/lab.ts';
import { prepare, type Planner } from '#main/app/planning.ts';
import type { Host } from '#main/hosts/host.ts';
import { localHosts } from '#main/hosts/hosts.ts';
import { emptyPortrait } from '#main/likeness/portrait.ts';
import { atMost, median, type Figure } from './figures.ts';

/** Each is some 100 ms: a median of many costs less than one move. */
const preflightsPerRound = 15;

/** What it costs to read the running guest, against a preflight that knows it by its command line alone. */
export async function preflightOf(lab: string, rounds: number): Promise<Figure[]> {
  const { guest, hosts } = await labStatus(lab);
  const to = hosts.find(({ id }) => id !== guest?.host);
  if (!guest?.host || !to) throw new Error(`the guest of ${lab} is nowhere`);
  const request = { guest: guest.name, from: guest.host, to: to.id, settings: defaultSettings };
  const local = localHosts({ runtimeDirectory: join(tmpdir(), `switchyard-bench-${process.pid}`) });
  const reading = plannerWith((id) => local.find(id));
  const blind = plannerWith((id) => withoutPortrait(local.find(id)));
  const times: Record<'reading' | 'blind', number[]> = { reading: [], blind: [] };
  for (let round = -1; round < rounds * preflightsPerRound; round += 1) {
    const [one, other] = [await durationMs(request, blind), await durationMs(request, reading)];
    // The first ones belong to the compiler.
    if (round < 0) continue;
    times.blind.push(one);
    times.reading.push(other);
  }
  const [withMs, withoutMs] = [median(times.reading), median(times.blind)];
  const name = 'time of a preflight that reads the running guest, to one that does not';
  return [atMost(name, withMs / withoutMs, 1.3, `${withMs.toFixed(0)} ms to ${withoutMs.toFixed(0)} ms`)];
}

function plannerWith(resolveHost: Planner['resolveHost']): Planner {
  return {
    resolveHost,
    openMigrations: () => Promise.resolve([]),
    known: (paths) => [...paths],
    user: 'bench',
    version: 'bench',
    now: () => new Date(),
    random: () => '0000',
  };
}

/** The same host, whose guests answer at once that they consist of nothing. */
function withoutPortrait(host: Host): Host {
  const attach = host.attach.bind(host);
  host.attach = async (...guest) => {
    const qemu = await attach(...guest);
    qemu.portrait = () => Promise.resolve(emptyPortrait);
    return qemu;
  };
  return host;
}

async function durationMs(request: MigrationRequest, planner: Planner): Promise<number> {
  const begun = performance.now();
  await prepare(request, planner);
  return performance.now() - begun;
}
