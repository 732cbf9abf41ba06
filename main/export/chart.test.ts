import { expect, test } from 'vitest';
import { drawChart, subflowSeries, ticksUpTo, type Chart } from './chart.ts';
import { sampleAt, subflowAt } from './testing/example-migration.ts';

test.for([
  [0, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [4, [0, 1, 2, 3, 4]],
  [930, [0, 200, 400, 600, 800, 1000]],
  [1e9, [0, 2e8, 4e8, 6e8, 8e8, 1e9]],
] as const)('ticks up to %d', ([peak, ticks]) => {
  expect(ticksUpTo(peak).map((tick) => Number(tick.toPrecision(6)))).toEqual(ticks);
});

test('many samples become a few hundred means', () => {
  const samples = Array.from({ length: 1600 }, (_each, index) =>
    sampleAt(index / 10, 0, { subflows: [subflowAt(1, { throughputBitsPerSecond: index % 4 })] }),
  );
  const [series] = subflowSeries(samples, ({ throughputBitsPerSecond }) => throughputBitsPerSecond).series;
  expect([series?.values.length, new Set(series?.values)]).toEqual([400, new Set([1.5])]);
});

test('a subflow that was not there leaves gaps, not zeroes', () => {
  const samples = [
    sampleAt(0, 0, { subflows: [subflowAt(1)] }),
    sampleAt(1, 0, { subflows: [] }),
    sampleAt(2, 0, { subflows: [subflowAt(1), subflowAt(2)] }),
  ];
  expect(subflowSeries(samples, ({ rttUs }) => rttUs).series).toEqual([
    { name: 'eth1 (d27c32f1/1)', values: [2800, undefined, 2800] },
    { name: 'eth2 (d27c32f1/2)', values: [undefined, undefined, 2800] },
  ]);
});

const chart: Chart = {
  title: 'A chart',
  fromEpochMs: 1000,
  toEpochMs: 3000,
  series: [
    { name: 'one', values: [0, 10, 10] },
    { name: 'two', values: [0, 10, undefined] },
  ],
  kind: 'stacked',
  marks: [],
  format: String,
};

test('stacked areas stand on each other, the upper edge is the sum', () => {
  const polygons = Array.from(
    drawChart(chart).text.matchAll(/<polygon class="area series-(\d)" points="([^"]*)"/g),
    ([, index, points]) => [index, points],
  );
  expect(polygons).toEqual([
    ['1', '84,272 510,12 936,142 936,142 510,142 84,272'],
    ['0', '84,272 510,142 936,142 936,272 510,272 84,272'],
  ]);
});

test('a line breaks where nothing was measured', () => {
  const paths = Array.from(
    drawChart({ ...chart, kind: 'lines', series: [{ name: 'one', values: [10, undefined, 10] }] }).text.matchAll(
      / d="([^"]*)"/g,
    ),
    ([, d]) => d,
  );
  expect(paths).toEqual(['M84,12M936,12']);
});

test('a mark stands at its time; those outside are left out', () => {
  const marks = [500, 2000, 4000].map((atEpochMs) => ({ atEpochMs, text: `at ${atEpochMs}` }));
  const drawn = Array.from(
    drawChart({ ...chart, marks }).text.matchAll(/class="mark" x1="(\d+)".*?<title>([^<]*)/g),
    ([, x, text]) => [x, text],
  );
  expect(drawn).toEqual([['510', 'at 2000']]);
});
