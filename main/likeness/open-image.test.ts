import { expect, test } from 'vitest';
import { newImages, type OpenImage } from './open-image.ts';

const image: OpenImage = { path: '/vm/a.raw', leadsTo: '1:2', forWriting: true, direct: false };

test('an image under another name is no other image', () => {
  expect(newImages([image], [{ ...image, path: '/vm/b.raw' }])).toEqual([]);
});

test('an image that is no longer open is not reported as new', () => {
  expect(newImages([image], [])).toEqual([]);
});

test('an image that came later is named', () => {
  const overlay = { ...image, path: '/vm/overlay.qcow2', leadsTo: '1:3' };
  const removed = { path: '/vm/gone', forWriting: true, direct: false };
  expect(newImages([image], [overlay, image, removed]).map(({ item }) => item)).toEqual([
    '/vm/overlay.qcow2',
    '/vm/gone',
  ]);
});
