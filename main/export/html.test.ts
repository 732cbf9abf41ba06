import { expect, test } from 'vitest';
import { recordToHtml } from './html.ts';
import { markup, Markup } from './markup.ts';
import { migrationRecord } from './record.ts';
import { exampleEvents, examplePlan, exampleSamples, journalOf } from './testing/example-migration.ts';
import { hostileRecord } from './testing/hostile-record.ts';

const phase = { name: 'ended', guest: 'destination' } as const;
const page = recordToHtml(migrationRecord({ entries: journalOf(...exampleEvents), samples: exampleSamples, phase }));

test('the page says what the record says', () => {
  const told = [
    '<h1>lab-guest: lab-source to lab-destination</h1>',
    'Done: the guest is on the destination.',
    '<dt>Downtime</dt><dd>38 ms (by QEMU)</dd>',
    '<dt>Goodput after setup</dt><dd>839 Mbit/s</dd>',
    '<td class="number">60 %</td>',
    'eth1 lost (no carrier); traffic moved to eth2.',
    'aria-label="Throughput by subflow"',
    'aria-label="Round-trip time by subflow"',
    '<title>Sum of the paths: 1 Gbit/s</title>',
  ];
  expect(told.filter((text) => !page.includes(text))).toEqual([]);
});

test('it neither loads nor runs anything', () => {
  expect(page).toContain(
    `content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`,
  );
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import|\bon\w+=|https?:/i);
});

test('no text of a record becomes markup', () => {
  const tagsOf = (text: string): string[] => [
    ...new Set(Array.from(text.matchAll(/<\/?([a-z]\w*)/gi), ([, name = '']) => name)),
  ];
  const known = [...tagsOf(page), 'p', 'pre', 'details', 'summary'];
  expect(tagsOf(recordToHtml(hostileRecord())).filter((name) => !known.includes(name))).toEqual([]);
});

test('a migration that never moved has no charts, and says so', () => {
  const entries = journalOf({ kind: 'planned', plan: examplePlan() });
  const empty = recordToHtml(migrationRecord({ entries, samples: [], phase: { name: 'preparing', guest: 'source' } }));
  expect(empty).toContain('Throughput by subflow: too few samples to draw.');
  expect(empty).toContain('Still open: preparing.');
});

test('values are escaped, markup is not, twice is once', () => {
  const inner = markup`<b title="${'"\'<&>'}">${'<i>'}</b>`;
  expect(markup`<p>${inner}${[inner]}${undefined}${3}</p>`).toEqual(
    new Markup(`<p>${'<b title="&quot;&#39;&lt;&amp;&gt;">&lt;i&gt;</b>'.repeat(2)}3</p>`),
  );
});

test('harmless differences of the destination stand in a table of their own, with the reasons', () => {
  const harmless = [{ text: 'Tray of cd: open, closed.', reason: 'It moves with the device.' }];
  const entries = journalOf({ kind: 'planned', plan: examplePlan() }, { kind: 'done', step: 'compare-twin', harmless });
  const [, table = ''] = recordToHtml(migrationRecord({ entries, samples: [], phase })).split('Harmless differences');
  expect(table.replaceAll(/<[^>]*>\s*/g, '|')).toContain('Tray of cd: open, closed.||It moves with the device.');
});
