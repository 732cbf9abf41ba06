import { describe, expect, test } from 'vitest';
import type { LeftOutPair, Path } from '#contract/migration.ts';
import { formatBitsPerSecond } from '#contract/units.ts';
import { BareHosts, canMake } from './fixtures/bare-hosts.ts';
import { pathCases } from './fixtures/path-cases.ts';
import { whyNoHosts } from './fixtures/two-hosts.ts';
import { planPairs } from './paths.ts';

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

describe.skipIf(reason !== undefined)('what is planned between two hosts', () => {
  test.each(pathCases.filter(({ needs }) => needs === undefined || !missing.has(needs)))(
    '$setUp',
    async ({ commands, kernel = '6.18.0', oneMachine, refused, planned, leftOut }) => {
      using hosts = new BareHosts(commands);
      const source = await hosts.network('source', { kernel, bootId: 'one' });
      const destination = await hosts.network('destination', {
        kernel,
        bootId: oneMachine === undefined ? 'another' : 'one',
      });
      const ask = { source: hosts.ask('source'), destination: hosts.ask('destination') };
      const found = await planPairs(source, destination, { bindsFirst: false, multipath: true }, ask);
      expect({
        planned: found.paths.map(plannedName),
        leftOut: found.leftOut.map(leftOutName),
        refused: found.firstObstacle !== undefined,
      }).toEqual({ planned, leftOut, refused: refused === true });
    },
  );
});
