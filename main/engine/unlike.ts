import type { HarmlessDifference, Plan } from '#contract/migration.ts';
import { withVerdict, type Finding, type JudgedFinding } from '#main/likeness/finding.ts';
import type { ObstacleFinding } from '#main/likeness/obstacles.ts';
import type { DiskLook } from './disk-takeover.ts';
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
  refuse(refused, 'the destination would differ from the guest. ');
}

/** Throws where the destination would not get the disks of the guest. */
export function refuseDisks({ findings }: DiskLook): void {
  refuse(findings, '');
}

function refuse(refused: readonly Finding[], beginning: string): void {
  const [first] = refused;
  if (!first) return;
  const named = refused.slice(0, mostNamed).map(({ text }) => text.replace(/\.$/, ''));
  const others = refused.length - named.length;
  const more = others > 0 ? `; and ${others} more` : '';
  throw rejected('preparing', `${beginning}${named.join('. ')}${more}`, first.remedy);
}

/** In one line of the journal. */
const mostKept = 500;

/** What does not stand in the way, for the record: nothing differs silently. */
export function harmlessOf(differences: readonly JudgedFinding[]): HarmlessDifference[] {
  const harmless = withVerdict(differences, 'harmless').map(({ text, remedy }) => ({ text, reason: remedy }));
  const others = harmless.length - mostKept;
  if (others <= 0) return harmless;
  return [
    ...harmless.slice(0, mostKept),
    { text: `${others} more differences of these kinds.`, reason: 'No more are kept in the journal.' },
  ];
}
