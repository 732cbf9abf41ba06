import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WindowStateFile } from './window-state-file.ts';

const state = { bounds: { x: 10, y: 20, width: 1200, height: 800 }, maximized: false };
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-window-'));
  path = join(folder, 'window.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what is written is read', () => {
  new WindowStateFile(path).write(state);
  expect([new WindowStateFile(path).read(), readdirSync(folder)]).toEqual([state, ['window.json']]);
});

test('no file is no state', () => {
  expect(new WindowStateFile(path).read()).toBeUndefined();
});

test('a spoilt file is no state', () => {
  writeFileSync(path, '{"bounds":');
  expect(new WindowStateFile(path).read()).toBeUndefined();
});

test('a folder that has gone does not keep a window from closing', () => {
  rmSync(folder, { recursive: true });
  expect(() => new WindowStateFile(path).write(state)).not.toThrow();
});
