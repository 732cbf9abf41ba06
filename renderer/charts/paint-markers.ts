import type uPlot from 'uplot';
import type { ChartColours } from './colours.ts';
import type { Marker } from './markers.ts';

const rowHeight = 14;
const rows = 2;
/** What a plot leaves free above itself for the marks' words. */
export const markerSpace = rowHeight * rows + 4;

/** Lines through the plot, and their words above it where there is room: a word that would cover another goes a row up, then away. */
export function paintMarkers(plot: uPlot, markers: readonly Marker[], colours: ChartColours): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const freeFrom = Array.from({ length: rows }, () => -Infinity);
  ctx.save();
  ctx.font = colours.font.replace(/^\d+px/, `${11 * scale}px`);
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'left';
  for (const { atEpochMs, tone, label } of markers) {
    const x = Math.round(plot.valToPos(atEpochMs / 1000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const colour = { iteration: colours.text, bad: colours.bad, good: colours.good, action: colours.action }[tone];
    ctx.strokeStyle = colour;
    ctx.lineWidth = scale;
    ctx.setLineDash(tone === 'iteration' ? [2 * scale, 3 * scale] : []);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();

    const width = ctx.measureText(label).width;
    const left = Math.min(x, bbox.left + bbox.width - width);
    const row = freeFrom.findIndex((free) => left >= free);
    if (row === -1) continue;
    freeFrom[row] = left + width + 8 * scale;
    ctx.fillStyle = colour;
    ctx.fillText(label, left, bbox.top - (2 + row * rowHeight) * scale);
  }
  ctx.restore();
}

/** A level across the plot, with its words on it. */
export function paintLevel(plot: uPlot, value: number, label: string, colours: ChartColours): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const y = Math.round(plot.valToPos(value, 'y', true));
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = colours.text;
  ctx.fillStyle = colours.text;
  ctx.lineWidth = scale;
  ctx.setLineDash([scale, 3 * scale]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = colours.font.replace(/^\d+px/, `${11 * scale}px`);
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'left';
  ctx.fillText(label, bbox.left + 4 * scale, y - 2 * scale);
  ctx.restore();
}

/** Where a replay stands. */
export function paintPosition(plot: uPlot, atEpochMs: number, colours: ChartColours): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(atEpochMs / 1000, 'x', true));
  ctx.save();
  ctx.setLineDash([]);
  ctx.strokeStyle = colours.line;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
