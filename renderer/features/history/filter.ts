import type { MigrationRow } from '#contract/channels.ts';
import type { Outcome } from '#contract/migration.ts';

export interface Filter {
  readonly search: string;
  /** `open`: those that still run. */
  readonly outcome: Outcome | 'open' | 'any';
  readonly transport: 'mptcp' | 'tcp' | 'any';
}

export const noFilter: Filter = { search: '', outcome: 'any', transport: 'any' };

/** Every word of the search must stand somewhere in the row: guest, hosts, user, id. */
export function filterRows(rows: readonly MigrationRow[], { search, outcome, transport }: Filter): MigrationRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(({ id, open, summary }) => {
    const text = [id, summary?.guest, summary?.source, summary?.destination, summary?.user].join(' ').toLowerCase();
    return (
      words.every((word) => text.includes(word)) &&
      (outcome === 'any' || (outcome === 'open' ? open : summary?.outcome === outcome)) &&
      (transport === 'any' || summary?.transport.negotiated === transport)
    );
  });
}
