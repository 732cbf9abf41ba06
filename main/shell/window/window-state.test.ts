import { assert, integer, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseWindowState, placeWindow, type Rectangle, type WindowState } from './window-state.ts';

const screen: Rectangle = { x: 0, y: 30, width: 1920, height: 1050 };
const second: Rectangle = { x: 1920, y: 0, width: 2560, height: 1440 };
const kept: WindowState = { bounds: { x: 2000, y: 100, width: 1500, height: 1000 }, maximized: true };

describe('what was kept', () => {
  test('is read back as it was written', () => {
    expect(parseWindowState(JSON.stringify(kept))).toEqual(kept);
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"maximized":true}',
    JSON.stringify({ ...kept, bounds: { ...kept.bounds, width: 0 } }),
    JSON.stringify({ ...kept, bounds: { ...kept.bounds, x: 1e9 } }),
    JSON.stringify({ ...kept, bounds: { ...kept.bounds, x: '0' } }),
    JSON.stringify({ ...kept, maximized: 1 }),
  ])('%s counts as nothing', (text) => {
    expect(parseWindowState(text)).toBeUndefined();
  });
});

describe('the window', () => {
  test('stands in the middle of the first screen at first', () => {
    expect(placeWindow(undefined, [screen, second])).toEqual({
      bounds: { x: 240, y: 105, width: 1440, height: 900 },
      maximized: false,
    });
  });

  test('comes back where it was', () => {
    expect(placeWindow(kept, [screen, second])).toEqual(kept);
  });

  test('whose screen has gone stands in the middle of the first, as large as it was meant to be', () => {
    expect(placeWindow(kept, [screen])).toEqual({
      bounds: { x: 240, y: 105, width: 1440, height: 900 },
      maximized: true,
    });
  });

  test('that hangs over an edge is pulled in', () => {
    const over = { bounds: { x: -400, y: 800, width: 1000, height: 700 }, maximized: false };
    expect(placeWindow(over, [screen]).bounds).toEqual({ x: 0, y: 380, width: 1000, height: 700 });
  });

  test('always lies within one screen, whatever was kept', () => {
    const rectangle = record({
      x: integer({ min: -5000, max: 5000 }),
      y: integer({ min: -5000, max: 5000 }),
      width: integer({ min: 1, max: 9000 }),
      height: integer({ min: 1, max: 9000 }),
    });
    assert(
      property(rectangle, (bounds) => {
        const placed = placeWindow({ bounds, maximized: false }, [screen, second]).bounds;
        expect([screen, second].filter((area) => contains(area, placed))).toHaveLength(1);
      }),
    );
  });
});

function contains(area: Rectangle, inner: Rectangle): boolean {
  return (
    inner.x >= area.x &&
    inner.y >= area.y &&
    inner.x + inner.width <= area.x + area.width &&
    inner.y + inner.height <= area.y + area.height
  );
}
