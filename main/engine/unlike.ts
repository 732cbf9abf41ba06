import type { Plan } from '#contract/migration.ts';
import type { JudgedFinding } from '#main/likeness/finding.ts';
import type { ObstacleFinding } from '#main/likeness/obstacles.ts';
import { rejected } from './step-context.ts';

/** So many are named; once they are fixed, the next attempt names the others. */
const mostNamed = 3;

/** Throws where the guest must not move into this QEMU: it differs, or something has begun meanwhile that a move would lose. */
export function refuseUnlike(
  { settings: { accepted } }: Plan,
  obstacles: readonly ObstacleFinding[],
  differences: readonly JudgedFinding[],
): void {
  const refused = [
    ...obstacles.filter(({ row, acceptable }) => !(acceptable && accepted.includes(row))),
    ...differences.filter(({ verdict }) => verdict === 'refused'),
  ];
  const [first] = refused;
  if (!first) return;
  const named = refused.slice(0, mostNamed).map(({ text }) => text.replace(/\.$/, ''));
  const others = refused.length - named.length;
  const more = others > 0 ? `; and ${others} more` : '';
  throw rejected(
    'preparing',
    `the destination would not be the guest as it is. ${named.join('. ')}${more}`,
    first.remedy,
  );
}
