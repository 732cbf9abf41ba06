import { parseArgs } from 'node:util';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { Chance } from '#e2e/support/stage/chance.ts';
import { soak } from '#e2e/soak/soak.ts';

/** `npm run soak -- --minutes 3 [--seed N]` */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes);
const chance = values.seed === undefined ? Chance.fromEnvironment() : new Chance(Number(values.seed));
if (!(minutes > 0) || !Number.isSafeInteger(chance.seed)) {
  console.error('usage: npm run soak -- [--minutes N] [--seed N]');
  process.exit(2);
}
const reason = await whyNoLabs();
if (reason !== '') {
  console.error(`No soak here${reason}.`);
  process.exit(2);
}
console.log(`Seed ${chance.seed}.`);
const report = await soak({ forMs: minutes * 60_000, chance, say: console.log });
for (const [ending, times] of Object.entries(report.endings)) console.log(`${times} x ${ending}`);
const [[descriptors, lastDescriptors], [heap, lastHeap]] = [report.descriptors, report.heap];
console.log(
  `${report.rounds} rounds; descriptors ${descriptors} to ${lastDescriptors}; heap ${megabytes(heap)} to ${megabytes(lastHeap)}.`,
);
for (const violation of report.violations) console.error(`VIOLATED in ${violation}`);
if (report.violations.length > 0)
  console.error(`Again with: npm run soak -- --minutes ${minutes} --seed ${chance.seed}`);
process.exitCode = report.violations.length === 0 ? 0 : 1;

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
