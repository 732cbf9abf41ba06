import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { BitsPerSecond } from '#contract/units.ts';
import { labDown, labLink, labStatus, labUp, type LabOptions } from '#lab/lab.ts';
import { Application } from '#main/app/application.ts';
import { openMigrationSampler } from '#main/mptcp/open-sampler.ts';
import { dashboard } from './dashboard.ts';
import { atLeast, atMost, mbits, median, seconds, type Figure } from './figures.ts';
import { histories } from './histories.ts';
import { bare, costOf, ours, type Move } from './moves.ts';
import { preflightOf } from './preflight.ts';
import { probeRun } from './probes.ts';

/**
 * Measures what the README promises. Every figure is a ratio of two things measured in this one run, alternating, so that
 * a busy machine hits both: absolute speeds hold for this machine only.
 */
interface Bench {
  readonly application: Application;
  readonly rounds: number;
  readonly say: (text: string) => void;
}

const [warmUp, samples] = [20, 150];

const scenarios: Readonly<Record<string, (bench: Bench) => Promise<Figure[]>>> = {
  'engine-against-bare-qmp': async (bench) =>
    inLab([500e6, 500e6], async (lab) => {
      const rounds = await repeat(bench, async () => ({
        bare: await bare(lab, true),
        ours: await ours(bench.application, lab, { mptcp: 'require' }),
      }));
      const [bareMs, oursMs] = [
        median(rounds.map((round) => round.bare.copyMs)),
        median(rounds.map((round) => round.ours.copyMs)),
      ];
      const added =
        median(rounds.map(({ ours: move }) => move.durationMs - move.copyMs)) -
        median(rounds.map(({ bare: move }) => move.durationMs - move.copyMs));
      return [
        atMost(
          'time to copy, ours to a bare QMP script',
          oursMs / bareMs,
          1.01,
          `${seconds(oursMs)} to ${seconds(bareMs)}`,
        ),
        atMost(
          'duration, ours to a bare QMP script',
          median(rounds.map((r) => r.ours.durationMs)) / median(rounds.map((r) => r.bare.durationMs)),
          1.02,
          `${added.toFixed(0)} ms outside the copy`,
        ),
        atMost(
          'downtime, ours to a bare QMP script',
          median(rounds.map((r) => r.ours.downtimeMs)) / median(rounds.map((r) => r.bare.downtimeMs)),
          1.1,
          "QEMU's own figures",
        ),
        atMost(
          'processor time of the engine, of one core',
          median(rounds.map((r) => r.ours.cpuFraction)),
          0.05,
          '10 samples a second',
        ),
      ];
    }),

  // A move that lasts: the first seconds of any process belong to its compiler.
  'engine-by-the-minute': async (bench) =>
    inLab([500e6, 500e6], async (lab) => {
      const shares = await repeat(bench, async () => {
        let share = NaN;
        const measure = async (): Promise<void> => {
          await sleep(5000);
          [, share] = await costOf(() => sleep(15_000));
        };
        await ours(bench.application, lab, { mptcp: 'require', bandwidthBitsPerSecond: 150e6 }, measure);
        return share;
      });
      const name = 'processor time of the engine after the first five seconds, of one core';
      return [atMost(name, median(shares), 0.03, '2 subflows, 10 samples a second')];
    }),

  'equal-links': async (bench) => {
    const figures: Figure[] = [];
    for (const [links, goal] of [
      [2, 1.95],
      [3, 2.9],
      [4, 3.8],
    ] as const) {
      const rates = Array.from({ length: links }, () => 500e6);
      const { tcp, mptcp, runs } = await goodputs(bench, rates, memoryFor(links));
      const name = `goodput over ${links} links, MPTCP to TCP`;
      figures.push({ ...atLeast(name, mptcp / tcp, goal, `${mbits(mptcp)} to ${mbits(tcp)}`), runs });
    }
    return figures;
  },

  // A connection that QEMU makes has joins and data at the same time; one of ours has joined before it carries data.
  'who-connects': async (bench) => {
    const figures: Figure[] = [];
    for (const links of [2, 3, 4]) {
      const work = (lab: string) =>
        repeat(bench, async () => ({
          qemu: await ours(bench.application, lab, { mptcp: 'require', socket: 'qemu' }),
          app: await ours(bench.application, lab, { mptcp: 'require', socket: 'app' }),
        }));
      const rounds = await inLab(
        Array.from({ length: links }, () => 500e6),
        work,
        memoryFor(links),
      );
      const [qemu, app] = [
        median(rounds.map((round) => round.qemu.goodputBitsPerSecond)),
        median(rounds.map((round) => round.app.goodputBitsPerSecond)),
      ];
      const name = `goodput over ${links} links, by a connection of Switchyard's to one of QEMU's`;
      const runs = rounds.map((round) => round.app.goodputBitsPerSecond / round.qemu.goodputBitsPerSecond);
      figures.push({ ...atLeast(name, app / qemu, 0.99, `${mbits(app)} to ${mbits(qemu)}`), runs });
    }
    return figures;
  },

  'unequal-links': async (bench) => {
    const { tcp, mptcp } = await goodputs(bench, [500e6, 200e6], memoryFor(2));
    // What the slower link adds to the faster one, in the measure of the faster: both lose the same headers.
    const sum = (tcp * 700) / 500;
    const name = 'goodput over 500 and 200 Mbit/s, of the sum of both';
    return [atLeast(name, mptcp / sum, 0.95, `${mbits(mptcp)} of ${mbits(sum)}`)];
  },

  // The slower path carries its part, or waits as a backup: it never makes the migration slower than the fastest alone.
  'slow-path-beside': async (bench) => {
    const figures: Figure[] = [];
    for (const [ratio, goal] of [
      [2, 1.35],
      [10, 0.98],
      [20, 0.98],
      [100, 0.98],
    ] as const) {
      const { tcp, mptcp, runs } = await goodputs(bench, [500e6, 500e6 / ratio]);
      const name = `goodput over 500 and ${500 / ratio} Mbit/s, MPTCP to TCP over the faster`;
      figures.push({ ...atLeast(name, mptcp / tcp, goal, `${mbits(mptcp)} to ${mbits(tcp)}`), runs });
    }
    return figures;
  },

  'one-link': async (bench) => {
    const { tcp, mptcp } = await goodputs(bench, [500e6]);
    return [atLeast('goodput over one link, MPTCP to TCP', mptcp / tcp, 0.98, `${mbits(mptcp)} to ${mbits(tcp)}`)];
  },

  'link-cut': async (bench) =>
    inLab(
      [500e6, 500e6],
      async (lab) => {
        const cut = async (): Promise<void> => {
          await sleep(2000);
          await labLink(lab, 2, 'down');
          await sleep(2000);
          await labLink(lab, 2, 'up');
        };
        const rounds = await repeat(bench, async () => ({
          whole: await ours(bench.application, lab, { mptcp: 'require' }),
          cut: await ours(bench.application, lab, { mptcp: 'require' }, cut),
        }));
        const whole = median(rounds.map((r) => r.whole.goodputBitsPerSecond));
        const ratios = rounds.map(({ cut: move }) => {
          const bits = (move.goodputBitsPerSecond * move.copyMs) / 1000;
          // While one of the two links is gone, half of what both carry is all there is.
          return move.copyMs / ((bits / whole) * 1000 + linkLostMs(move) / 2);
        });
        const [lost, back] = [
          rounds.map(({ cut: m }) => linkLostMs(m)),
          rounds.map(({ cut: m }) => rejoinedAfterMs(m)),
        ];
        return [
          atMost(
            'time to copy with a link cut for two seconds, to what the links could carry',
            median(ratios),
            1.05,
            `link away for ${seconds(median(lost))}, a subflow there again ${median(back).toFixed(0)} ms after its return`,
          ),
        ];
      },
      memoryFor(2),
    ),

  // What it costs by the minute, so after a second of it: a compiler works beside the first ones.
  'sixteen-subflows': async (bench) =>
    inLab([250e6, 250e6], async (lab) => {
      const { guest, hosts } = await labStatus(lab);
      if (!guest?.host) throw new Error(`the guest of ${lab} is nowhere`);
      const namespace = hosts.find(({ id }) => id === guest.host)?.namespace ?? '';
      let [cpuUs, most] = [0, 0];
      const measure = async (): Promise<void> => {
        await sleep(1000);
        using sampler = await openMigrationSampler({ pid: guest.pid, namespace: { name: namespace } });
        for (let sample = -warmUp; sample < samples; sample += 1) {
          const begun = process.cpuUsage();
          most = Math.max(most, (await sampler.sample()).subflows.length);
          const { user, system } = process.cpuUsage(begun);
          if (sample >= 0) cpuUs += user + system;
          await sleep(100);
        }
      };
      // Slow enough to last as long as it is measured.
      const settings = { mptcp: 'require', parallelConnections: 7, bandwidthBitsPerSecond: 150e6 } as const;
      await ours(bench.application, lab, settings, measure);
      const each = cpuUs / samples;
      return [
        atMost(
          'processor time of ten samples a second, of one core',
          (each * 10) / 1e6,
          0.01,
          `${most} subflows, ${each.toFixed(0)} us a sample`,
        ),
      ];
    }),

  preflight: async ({ rounds }) => inLab([500e6, 500e6], (lab) => preflightOf(lab, rounds)),

  histories: async ({ rounds }) => histories(rounds),

  // Twenty seconds a round: `--rounds 30` are the ten minutes in docs/performance.md.
  dashboard: async ({ rounds }) => dashboard(20 * rounds),

  'sampling-cost': async (bench) =>
    inLab([500e6, 500e6], async (lab) => {
      const rounds = await repeat(bench, async () => ({
        slow: await ours(bench.application, lab, { mptcp: 'require', sampleHz: 10 }),
        fast: await ours(bench.application, lab, { mptcp: 'require', sampleHz: 50 }),
      }));
      const [slow, fast] = [median(rounds.map((r) => r.slow.copyMs)), median(rounds.map((r) => r.fast.copyMs))];
      return [
        atMost('time to copy, 50 to 10 samples a second', fast / slow, 1.02, `${seconds(fast)} to ${seconds(slow)}`),
        atMost(
          'processor time at 50 samples a second, of one core',
          median(rounds.map((r) => r.fast.cpuFraction)),
          0.15,
          'this whole process',
        ),
      ];
    }),

  probes: async (bench) => {
    const figures = async (rates: readonly number[]): Promise<Figure[]> =>
      inLab(rates, async (lab) => {
        const rounds = await repeat(bench, () => probeRun(bench.application, lab, rates));
        const off = (ratios: readonly number[]): number => Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)));
        const links = rates.map((rate) => mbits(rate)).join(' + ');
        return [
          {
            ...atMost(
              `${links}: what a probe measures, off by`,
              median(rounds.map((r) => off(r.ratios))),
              0.05,
              'the worse path',
            ),
            runs: rounds.map((round) => off(round.ratios)),
          },
          atMost(
            `${links}: longest standstill of this process, of 100 ms`,
            median(rounds.map((r) => r.standstillMs)) / 100,
            1,
            'two looks at both hosts included',
          ),
        ];
      });
    return [...(await figures([500e6, 500e6])), ...(await figures([500e6, 50e6]))];
  },
};

type Memory = Pick<LabOptions, 'guestMemoryBytes' | 'guestWalkBytes'>;

/**
 * A guest whose memory takes seven seconds, over as many links of 500 Mbit/s. The kernel's start, some 0.2 s of joining and
 * slow start and at times 0.2 s more, then weighs no more over four links than over one.
 */
function memoryFor(links: number): Memory {
  return { guestMemoryBytes: links * 450 * 2 ** 20, guestWalkBytes: links * 384 * 2 ** 20 };
}

async function inLab<Value>(
  rates: readonly number[],
  work: (lab: string) => Promise<Value>,
  guest: Memory = {},
): Promise<Value> {
  const name = `bench-${process.pid}`;
  try {
    await labUp({ name, linkRatesBitsPerSecond: rates, ...guest });
    return await work(name);
  } finally {
    await labDown(name);
  }
}

/** Of moves over these links by TCP, which has the first of them, and by MPTCP, in turn. */
async function goodputs(
  bench: Bench,
  rates: readonly number[],
  guest?: Memory,
): Promise<{ readonly tcp: BitsPerSecond; readonly mptcp: BitsPerSecond; readonly runs: readonly number[] }> {
  const work = (lab: string) =>
    repeat(bench, async () => ({
      tcp: await ours(bench.application, lab, { mptcp: 'off' }),
      mptcp: await ours(bench.application, lab, { mptcp: 'require' }),
    }));
  const rounds = await inLab(rates, work, guest);
  return {
    tcp: median(rounds.map((round) => round.tcp.goodputBitsPerSecond)),
    mptcp: median(rounds.map((round) => round.mptcp.goodputBitsPerSecond)),
    runs: rounds.map((round) => round.mptcp.goodputBitsPerSecond / round.tcp.goodputBitsPerSecond),
  };
}

function linkLostMs({ record }: Move): number {
  const at = (kind: string): number => record?.events.find((event) => event.kind === kind)?.atEpochMs ?? NaN;
  return at('link-back') - at('link-lost');
}

/** From the return of the link to the first sample in which it carries data. */
function rejoinedAfterMs({ record }: Move): number {
  const back = record?.events.findLast(({ kind }) => kind === 'link-back')?.atEpochMs ?? NaN;
  const first = record?.samples.find(
    ({ atEpochMs, subflows }) =>
      atEpochMs > back && subflows.some((each) => each.interface === 'eth2' && each.throughputBitsPerSecond > 50e6),
  );
  return (first?.atEpochMs ?? NaN) - back;
}

async function repeat<Value>({ rounds }: Bench, once: () => Promise<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await once());
  return values;
}

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    json: { type: 'string' },
  },
});
const unknown = options.only?.find((name) => !Object.hasOwn(scenarios, name));
if (unknown !== undefined) {
  console.error(`There is no scenario "${unknown}": ${Object.keys(scenarios).join(', ')}.`);
  process.exit(2);
}
const state = await mkdtemp(join(tmpdir(), 'switchyard-bench-'));
try {
  const application = new Application({
    version: 'bench',
    environment: { ...process.env, SWITCHYARD_STATE_DIR: state },
  });
  const bench: Bench = { application, rounds: Number(options.rounds), say: console.error };
  const figures: Figure[] = [];
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (options.only && !options.only.includes(name)) continue;
    bench.say(`${name} ...`);
    const found = await scenario(bench);
    for (const figure of found) {
      bench.say(
        `  ${figure.met ? '✓' : 'x'} ${figure.name}: ${figure.ratio.toFixed(3)} (${figure.goal}; ${figure.of})`,
      );
      if (figure.runs) bench.say(`    each: ${figure.runs.map((run) => run.toFixed(3)).join(' ')}`);
    }
    figures.push(...found);
  }
  const machine = { cpus: cpus().length, model: cpus()[0]?.model, kernel: release() };
  const document = JSON.stringify(
    { at: new Date().toISOString(), machine, rounds: bench.rounds, figures },
    undefined,
    2,
  );
  if (options.json === undefined) console.log(document);
  else await writeFile(options.json, `${document}\n`);
  process.exitCode = figures.every(({ met }) => met) ? 0 : 1;
} finally {
  await rm(state, { recursive: true });
}
