import { progressOf, recentThroughput, type Progress } from '#contract/progress.ts';
import { speedOfPaths } from '#contract/path-speed.ts';
import type { QemuStatistics, SubflowState } from '#contract/telemetry.ts';
import {
  formatBitsPerSecond,
  formatBytes,
  formatDurationMs,
  formatFraction,
  formatMicroseconds,
  type BitsPerSecond,
  type Milliseconds,
} from '#contract/units.ts';
import { bar } from '#main/cli/view/bar.ts';
import { glyphsFor, type Glyphs } from '#main/cli/view/glyphs.ts';
import { cutLine, justified, padLine, span, type Line, type Tone } from '#main/cli/view/line.ts';
import { textWidth } from '#main/cli/view/text-width.ts';
import { clockTime } from '#main/cli/view/time.ts';
import { pathRows, type PathRow } from './path-rows.ts';
import type { Scene } from './story.ts';
import { guestSentence, interruptHint, phaseWords } from './words.ts';

export interface FrameSize {
  readonly columns: number;
  readonly rows: number;
  readonly unicode: boolean;
}

export interface FrameOptions extends FrameSize {
  readonly nowEpochMs: number;
  /** What Ctrl-C does depends on it. */
  readonly managedHere: boolean;
}

const mostEvents = 6;
/** Two samples of a migration show nothing; two seconds of them do. */
const rateOverMs: Milliseconds = 2000;

/**
 * One picture of a running migration, from a scene to lines: none is wider than the terminal, and there are fewer than
 * it has rows. Narrow or low, what the operator needs least goes first.
 */
export function frame(scene: Scene, options: FrameOptions): Line[] {
  const glyphs = glyphsFor(options);
  const { columns } = options;
  const head = [title(scene, columns, glyphs), ...progressLines(scene, options, glyphs)];
  const paths = pathLines(scene, columns, glyphs);
  const foot = [[span(interruptHint(scene.phase, options.managedHere), 'faint')]];
  // The last row stays free: writing into it would scroll the picture.
  const room = options.rows - 1 - head.length - foot.length;
  const pathsShown = paths.length + 1 <= room ? [[], ...paths] : [];
  const eventRoom = Math.min(mostEvents, room - pathsShown.length - 2);
  const events = eventRoom > 0 ? [[], ...eventLines(scene, eventRoom), []] : [];
  const lines = [...head, ...pathsShown, ...events, ...foot].slice(0, Math.max(1, options.rows - 1));
  return lines.map((line) => cutLine(line, columns, glyphs.ellipsis));
}

function title({ guest, source, destination, phase }: Scene, columns: number, glyphs: Glyphs): Line {
  return justified(
    [span(guest, 'strong'), span(`  ${source} ${glyphs.arrow} ${destination}`)],
    [span(phaseWords[phase.name], 'accent')],
    columns,
    glyphs.ellipsis,
  );
}

function progressLines(scene: Scene, { columns, nowEpochMs }: FrameOptions, glyphs: Glyphs): Line[] {
  const { phase, samples, startedAtEpochMs } = scene;
  const qemu = samples.findLast((sample) => sample.qemu)?.qemu;
  const progress = qemu && progressOf(qemu, recentThroughput(samples, rateOverMs));
  const done = phase.name === 'cleaning-up' || (phase.name === 'ended' && phase.guest === 'destination');
  const fraction = done ? 1 : (progress?.fraction ?? 0);
  const percent = formatFraction(fraction).padStart(6);
  const copying = phase.name === 'copying' || phase.name === 'post-copy';
  return [
    [...bar(fraction, Math.max(0, columns - percent.length), 'accent', glyphs), span(percent)],
    [
      span(
        guestSentence(scene, phase.guest),
        phase.guest === 'stopped' || phase.guest === 'unknown' ? 'warning' : 'plain',
      ),
    ],
    ...grid(
      [
        [span('Elapsed '), span(formatDurationMs(Math.max(0, nowEpochMs - startedAtEpochMs)), 'strong')],
        [span('ETA '), ...(copying && progress ? eta(progress) : [span('-')])],
        [span('Remaining '), span(qemu ? formatBytes(qemu.remainingBytes) : '-', 'strong')],
        [span('Iteration '), span(qemu ? String(qemu.iteration) : '-')],
        [span('Dirty rate '), span(dirtyRate(qemu, progress))],
        [span('Downtime '), span(downtime(qemu))],
        ...throttle(qemu),
      ],
      columns,
      glyphs,
    ),
  ];
}

function eta({ etaMs, convergence }: Progress): Line {
  if (convergence === 'not-converging') return [span('not converging', 'warning')];
  if (etaMs === undefined) return [span('-')];
  return [
    span(formatDurationMs(etaMs), 'strong'),
    ...(convergence === 'borderline' ? [span(' (borderline)', 'warning')] : []),
  ];
}

/** QEMU counts dirtied pages from one iteration to the next: in the first there is nothing to show. */
function dirtyRate(qemu: QemuStatistics | undefined, progress: Progress | undefined): string {
  return qemu && progress && qemu.iteration > 1 ? formatBitsPerSecond(progress.dirtyBitsPerSecond) : '-';
}

function downtime(qemu: QemuStatistics | undefined): string {
  if (qemu?.downtimeMs !== undefined) return formatDurationMs(qemu.downtimeMs);
  return qemu?.expectedDowntimeMs === undefined ? '-' : `${formatDurationMs(qemu.expectedDowntimeMs)} expected`;
}

function throttle(qemu: QemuStatistics | undefined): Line[] {
  const fraction = qemu?.cpuThrottleFraction ?? 0;
  return fraction > 0 ? [[span('CPU slowed by '), span(formatFraction(fraction), 'warning')]] : [];
}

const narrowestCell = 26;

/** Cells of one width, so that a figure which grows does not push its neighbours about. */
function grid(cells: readonly Line[], columns: number, glyphs: Glyphs): Line[] {
  const perRow = Math.max(1, Math.min(cells.length, Math.floor(columns / narrowestCell)));
  const width = Math.floor(columns / perRow);
  return Array.from({ length: Math.ceil(cells.length / perRow) }, (_, index) =>
    cells
      .slice(index * perRow, (index + 1) * perRow)
      .flatMap((cell) => [...padLine(cell, width - 1, glyphs.ellipsis), span(' ')]),
  );
}

const stateTones: Readonly<Record<SubflowState, Tone>> = {
  active: 'accent',
  backup: 'plain',
  stale: 'warning',
  failing: 'warning',
  closed: 'faint',
};

function pathLines({ samples, paths }: Scene, columns: number, glyphs: Glyphs): Line[] {
  const last = samples.at(-1);
  if (!last || last.subflows.length === 0) return [];
  const rows = pathRows(last.subflows, paths);
  const fastest = Math.max(1, ...rows.map(({ throughputBitsPerSecond }) => throughputBitsPerSecond));
  const nameWidth = Math.min(
    Math.floor(columns / 3),
    Math.max(...[...rows.map(({ name }) => name), 'total'].map(textWidth)),
  );
  const total = recentThroughput(samples, rateOverMs);
  return [
    ...rows.map((row) => pathLine(row, { nameWidth, columns, fastest, glyphs })),
    [...padLine([span('total')], nameWidth, glyphs.ellipsis), span('  '), ...totalOf(total, speedOfPaths(paths))],
  ];
}

interface PathLayout {
  readonly nameWidth: number;
  readonly columns: number;
  readonly fastest: BitsPerSecond;
  readonly glyphs: Glyphs;
}

/** Name, bar, rate, share, RTT: the figures keep their places, the bar takes what is left. */
function pathLine(row: PathRow, { nameWidth, columns, fastest, glyphs }: PathLayout): Line {
  const figures = [
    formatBitsPerSecond(row.throughputBitsPerSecond).padStart(12),
    formatFraction(row.shareFraction).padStart(7),
    `RTT ${formatMicroseconds(row.rttUs)}`.padStart(14),
    `  ${row.state}`.padEnd(10),
  ].join('');
  const barWidth = Math.max(0, columns - nameWidth - 2 - figures.length);
  return [
    ...padLine([span(row.name)], nameWidth, glyphs.ellipsis),
    span('  '),
    ...bar(row.throughputBitsPerSecond / (row.speedBitsPerSecond ?? fastest), barWidth, stateTones[row.state], glyphs),
    span(figures, row.state === 'active' || row.state === 'backup' ? 'plain' : 'warning'),
  ];
}

function totalOf(throughput: BitsPerSecond, capacity: BitsPerSecond | undefined): Line {
  return [
    span(formatBitsPerSecond(throughput), 'strong'),
    ...(capacity === undefined
      ? []
      : [span(`, ${formatFraction(throughput / capacity)} of the paths' ${formatBitsPerSecond(capacity)}`)]),
  ];
}

function eventLines({ events }: Scene, most: number): Line[] {
  return events.slice(-most).map(({ atEpochMs, text }) => [span(`${clockTime(atEpochMs)} `, 'faint'), span(text)]);
}
