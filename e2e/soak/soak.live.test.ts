import { expect, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { Chance } from '#e2e/support/stage/chance.ts';
import { oneTry } from '#e2e/support/stage/expectations.ts';
import { soak } from './soak.ts';

/** A slice of what `npm run soak` does for as long as one likes. */
const seconds = Number(process.env['SWITCHYARD_SOAK_SECONDS'] ?? 180);
const chance = Chance.fromEnvironment();
const reason = await whyNoLabs();

test.skipIf(reason !== '')(
  `back and forth for ${seconds} s, whatever befalls it (seed ${chance.seed})${reason}`,
  { ...oneTry, timeout: seconds * 1000 + 180_000 },
  async () => {
    const told: string[] = [];
    const { violations } = await soak({ forMs: seconds * 1000, chance, say: (line) => told.push(line) });
    expect(violations.length === 0 ? [] : [...told, ...violations]).toEqual([]);
  },
);
