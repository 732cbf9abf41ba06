import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible } from '#contract/plain-text.ts';
import { csvCell, recordToCsv } from './csv.ts';
import { migrationRecord } from './record.ts';
import { exampleEvents, exampleSamples, journalOf, sampleAt, subflowAt } from './testing/example-migration.ts';

const phase = { name: 'ended', guest: 'destination' } as const;

function csvOf(samples: readonly ReturnType<typeof sampleAt>[]): string[][] {
  const csv = recordToCsv(migrationRecord({ entries: journalOf(...exampleEvents), samples, phase }));
  return csv
    .trimEnd()
    .split('\r\n')
    .map((row) => row.split(','));
}

/** A row by the names of its columns, without its empty cells. */
function rowOf(rows: readonly string[][], index: number): Record<string, string> {
  const [header = []] = rows;
  return Object.fromEntries(
    header.map((name, column) => [name, rows[index]?.[column] ?? '']).filter(([, cell]) => cell !== ''),
  );
}

test('the columns, whose names and order others rely upon', () => {
  const names = `
    at migration_id row subflow_id interface local_address local_port remote_address remote_port state
    bytes_sent bytes_retransmitted throughput_bits_per_second share_fraction rtt_us rtt_variance_us
    congestion_window_bytes retransmits unsent_bytes connection_bytes_sent connection_bytes_reinjected
    qemu_status transferred_bytes remaining_bytes total_bytes dirty_pages_per_second page_size_bytes
    iteration expected_downtime_ms cpu_throttle_fraction
  `;
  expect(csvOf([])).toEqual([names.trim().split(/\s+/)]);
});

test('one row per sample and subflow, and one for all of them', () => {
  const rows = csvOf(exampleSamples);
  expect(rows.slice(1).map((row) => row[2])).toEqual(exampleSamples.flatMap(() => ['subflow', 'subflow', 'aggregate']));
});

test('the row of a subflow', () => {
  expect(rowOf(csvOf([sampleAt(1, 1000)]), 1)).toEqual({
    at: '2026-11-22T12:02:51.500Z',
    migration_id: '20261122T120250Z-7f3a',
    row: 'subflow',
    subflow_id: 'd27c32f1/1',
    interface: 'eth1',
    local_address: '10.0.1.1',
    local_port: '40001',
    remote_address: '10.0.1.2',
    remote_port: '49152',
    state: 'active',
    bytes_sent: '600',
    bytes_retransmitted: '0',
    throughput_bits_per_second: '450000000',
    share_fraction: '0.5',
    rtt_us: '3000',
    rtt_variance_us: '300',
    congestion_window_bytes: '333040',
    retransmits: '3',
    unsent_bytes: '700000',
  });
});

test('the row of the whole', () => {
  expect(rowOf(csvOf([sampleAt(1, 1000)]), 3)).toEqual({
    at: '2026-11-22T12:02:51.500Z',
    migration_id: '20261122T120250Z-7f3a',
    row: 'aggregate',
    bytes_sent: '1000',
    bytes_retransmitted: '0',
    throughput_bits_per_second: '900000000',
    retransmits: '4',
    unsent_bytes: '1400000',
    connection_bytes_sent: '1000',
    connection_bytes_reinjected: '0',
    qemu_status: 'active',
    transferred_bytes: '1000',
    remaining_bytes: String(512 * 2 ** 20 - 1000),
    total_bytes: String(512 * 2 ** 20),
    dirty_pages_per_second: '1200',
    page_size_bytes: '4096',
    iteration: '1',
  });
});

test('what was not known is empty, and what is no number is 0', () => {
  const { interface: _unknown, ...nameless } = subflowAt(1, { rttUs: Number.NaN });
  expect(rowOf(csvOf([sampleAt(0, 0, { subflows: [nameless] })]), 1)).toMatchObject({
    local_address: '10.0.1.1',
    rtt_us: '0',
  });
});

test.for([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['  =1', "'  =1"],
  ['\ttab', "' tab"],
  ['\rreturn', "' return"],
  ['\0zero', String.raw`'\u0000zero`],
  ['\uff1d1', "'\uff1d1"],
  ['say "hi", there', '"say ""hi"", there"'],
  ['two\nlines', 'two lines'],
  ['user\u202etxt', String.raw`user\u202etxt`],
  ['eth1=', 'eth1='],
  [-5, '-5'],
  [undefined, ''],
] as const)('%j is written %j', ([value, cell]) => {
  expect(csvCell(value)).toBe(cell);
});

/** A reader as RFC 4180 has it. */
function parseCell(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

test('any text is one cell of one line, never begins a formula, and holds nothing that is not seen', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\s=+\-@"',]{0,4}\w*$/)), (text) => {
      const cell = csvCell(text);
      const read = parseCell(cell);
      const told = visible(text.replace(/[\t\r\n]/g, ' '), 300);
      expect([told, `'${told}`]).toContain(read);
      expect(read).not.toMatch(/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/);
      expect(cell).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      expect(cell.startsWith('"') || !/[",]/.test(cell)).toBe(true);
    }),
  );
});
