import { describe, expect, test } from 'vitest';
import type { LeftOutPair, Path, Side } from '#contract/migration.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { BareHosts, canMake } from './fixtures/bare-hosts.ts';
import { pathCases, type PathCase } from './fixtures/path-cases.ts';
import { whyNoHosts } from './fixtures/two-hosts.ts';
import { planPairs, type PlannedPairs } from './paths.ts';
import { planPaths } from './plan/plan-paths.ts';

const reason = whyNoHosts();
if (reason !== undefined) process.stdout.write(`skipped: ${reason}\n`);
const missing = new Set(
  reason === undefined ? pathCases.flatMap(({ needs }) => (needs === undefined || canMake(needs) ? [] : needs)) : [],
);
for (const kind of missing) process.stdout.write(`skipped: this kernel makes no interfaces of kind ${kind}\n`);

function ends(source: string | undefined, destination: string | undefined): string {
  if (destination === undefined || source === destination) return source ?? '';
  return `${source ?? ''} to ${destination}`.trim();
}

function plannedName({ sourceInterface, destinationInterface, speedBitsPerSecond }: Path): string {
  const speed = speedBitsPerSecond === undefined ? '' : ` (${formatBitsPerSecond(speedBitsPerSecond)})`;
  return `${ends(sourceInterface, destinationInterface)}${speed}`;
}

function leftOutName({ sourceInterface, destinationInterface, reason: why }: LeftOutPair): string {
  const name =
    sourceInterface !== undefined && destinationInterface !== undefined
      ? `${sourceInterface} to ${destinationInterface}`
      : ends(sourceInterface, destinationInterface);
  return `${name}: ${why}`;
}

/** The pairs between two of these hosts, as their kernels answer. */
async function planOf(hosts: BareHosts, { kernel = '6.18.0', oneMachine }: PathCase) {
  const source = await hosts.network('source', { kernel, bootId: 'one' });
  const bootId = oneMachine === undefined ? 'another' : 'one';
  const destination = await hosts.network('destination', { kernel, bootId });
  const ask = { source: hosts.ask('source'), destination: hosts.ask('destination') };
  const wish = { bindsFirst: false, multipath: true };
  return { source, destination, ...(await planPairs(source, destination, wish, ask)) };
}

const possible = pathCases.filter(({ needs }) => needs === undefined || !missing.has(needs));

describe.skipIf(reason !== undefined)('what is planned between two hosts', () => {
  test.each(possible)('$setUp', async (story) => {
    using hosts = new BareHosts(story.commands);
    const found = await planOf(hosts, story);
    expect({
      planned: found.paths.map(plannedName),
      leftOut: found.leftOut.map(leftOutName),
      refused: found.firstObstacle !== undefined,
    }).toEqual({ planned: story.planned, leftOut: story.leftOut, refused: story.refused === true });
  });
});

/** Where several paths are planned that this kernel can carry out, and that no test has shaped. */
const carried = possible.filter(({ planned, refused, kernel, commands }) => {
  return planned.length > 1 && refused === undefined && kernel === undefined && !commands.includes('shape');
});

describe.skipIf(reason !== undefined)('each path carries, on its own ports', () => {
  test.each(carried)('$setUp', async (story) => {
    using hosts = new BareHosts(story.commands);
    const { source, destination, paths, routes } = await planOf(hosts, story);
    const [first, ...further] = paths;
    if (first === undefined) throw new Error('nothing is planned');
    for (const { sourceInterface } of paths) hosts.run(`shape $A ${sourceInterface} 40mbit`);
    const plan = planPaths({ source, destination, paths, routes, listener: { address: '0.0.0.0', port: 4444 } });
    const changes = { source: plan.source.changes, destination: plan.destination.changes };
    const megabytes = await hosts.carry([first, ...further], changes, 2);
    // 40 Mbit/s are 10 MB in two seconds: what went through another port would be missed here.
    expect(megabytes.map(({ sent, received }) => [sent > 6, received > 6])).toEqual(paths.map(() => [true, true]));
  });
});

/** What the plan prints for the operator, by what it is about. */
function printed({ leftOut, firstObstacle }: PlannedPairs): readonly { side: Side; command: string }[] {
  return [
    ...leftOut.flatMap(({ command, commandSide: side }) => (command && side ? [{ side, command }] : [])),
    ...(firstObstacle?.command === undefined ? [] : [{ side: 'source' as const, command: firstObstacle.command }]),
  ];
}

describe.skipIf(reason !== undefined)('the printed commands make paths of what is left out', () => {
  test.each([
    ['Two ports each, in one subnet', ['eth1', 'eth2']],
    ['The same with a source before Linux 6.18', ['eth1', 'eth2']],
    ['The same, with a strict reverse path filter on the second port of the destination', ['eth1', 'eth2']],
    ['Routes only in tables of their own (`ip rule add from …`)', ['eth1', 'eth2']],
    ['IPv6 only, two ports each in one subnet', ['eth1', 'eth2']],
    ['A port that is down', ['eth1', 'eth2']],
  ])('%s', async (setUp, planned) => {
    const story = pathCases.find((each) => each.setUp === setUp);
    if (story === undefined) throw new Error('there is no such case');
    using hosts = new BareHosts(story.commands);
    const commands = printed(await planOf(hosts, story));
    for (const { side, command } of commands) hosts.run(`ip netns exec $${side === 'source' ? 'A' : 'B'} ${command}`);
    const found = await planOf(hosts, story);
    expect([found.paths.map(plannedName), found.firstObstacle]).toEqual([planned, undefined]);
  });
});
