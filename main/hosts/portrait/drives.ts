import { isAbsolute } from 'node:path';
import type { Bitmap, BlockNode, Drive, Layer, Medium, Throttle } from '#main/likeness/portrait.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '#main/qmp/json.ts';
import type { BlockInfo } from '#main/qmp/schema.ts';
import type { FileView } from './files.ts';
import { pathOfImage } from './image-name.ts';

/** `BlockDeviceInfo` names limits so; what ends in `_max_length` counts only beside a burst. */
const limitName = /^(?:bps|iops)(?:_|$)/;
/** A chain is a chain in the kernel's files too; this is far beyond what QEMU opens. */
const mostLayers = 1000;

export function readDrives(answer: readonly BlockInfo[], files: FileView): readonly Drive[] {
  return answer.map(({ device, qdev, removable = false, tray_open: trayOpen = false, inserted }) => ({
    name: device,
    ...(qdev === undefined ? {} : { device: qdev }),
    removable,
    trayOpen,
    ...(inserted === undefined ? {} : { medium: readMedium(inserted, files) }),
  }));
}

/** Nodes that the operator has named; those that QEMU named itself have no name to be found by. */
export function readNodes(answer: readonly JsonObject[], files: FileView): readonly BlockNode[] {
  return answer.flatMap((node): BlockNode[] => {
    const name = text(node, 'node-name');
    if (name === '' || name.startsWith('#')) return [];
    const filename = text(node, 'file');
    return [
      {
        name,
        driver: text(node, 'drv'),
        filename,
        ...placeOf(filename, files),
        readOnly: node['ro'] === true,
        cache: cacheOf(node),
        detectZeroes: text(node, 'detect_zeroes'),
        bitmaps: bitmapsOf(node),
      },
    ];
  });
}

function readMedium(inserted: JsonObject, files: FileView): Medium {
  const group = text(inserted, 'group');
  return {
    nodeName: text(inserted, 'node-name'),
    readOnly: inserted['ro'] === true,
    encrypted: inserted['encrypted'] === true,
    cache: cacheOf(inserted),
    detectZeroes: text(inserted, 'detect_zeroes'),
    layers: readLayers(inserted, files),
    throttle: throttleOf(inserted),
    ...(group === '' ? {} : { throttleGroup: group }),
    bitmaps: bitmapsOf(inserted),
  };
}

function readLayers(inserted: JsonObject, files: FileView): readonly Layer[] {
  const layers: Layer[] = [];
  let image: JsonValue | undefined = inserted['image'];
  while (isJsonObject(image) && layers.length < mostLayers) {
    layers.push(layerOf(text(image, 'format'), text(image, 'filename'), files));
    const specific: JsonValue | undefined = image['format-specific'];
    const data: JsonValue | undefined = isJsonObject(specific) ? specific['data'] : undefined;
    const dataFile = isJsonObject(data) ? text(data, 'data-file') : '';
    if (dataFile !== '') layers.push(layerOf('data file', dataFile, files));
    image = image['backing-image'];
  }
  return layers.length > 0 ? layers : [layerOf(text(inserted, 'drv'), text(inserted, 'file'), files)];
}

function layerOf(format: string, filename: string, files: FileView): Layer {
  const place = placeOf(filename, files);
  return {
    format,
    filename,
    ...place,
    isOpen: place.leadsTo !== undefined && (files.open?.has(place.leadsTo) ?? false),
    ...lostNameOf(filename, place, files),
  };
}

function placeOf(filename: string, files: FileView): Pick<Layer, 'path' | 'leadsTo'> {
  const named = pathOfImage(filename);
  if (named === undefined) return {};
  const path = files.absolute(named);
  const leadsTo = files.leadsTo(path);
  return { path, ...(leadsTo === undefined ? {} : { leadsTo }) };
}

function lostNameOf(
  filename: string,
  { path, leadsTo }: Pick<Layer, 'path' | 'leadsTo'>,
  files: FileView,
): Pick<Layer, 'lostName'> {
  const named = path === undefined ? undefined : pathOfImage(filename);
  if (named === undefined || isAbsolute(named)) return {};
  const now = files.now(named);
  return now === path || files.leadsTo(now) === leadsTo ? {} : { lostName: now };
}

function cacheOf(node: JsonObject): Medium['cache'] {
  const { cache } = node;
  const flag = (name: string): boolean => isJsonObject(cache) && cache[name] === true;
  return { writeback: flag('writeback'), direct: flag('direct'), noFlush: flag('no-flush') };
}

function throttleOf(inserted: JsonObject): Throttle {
  const limits = Object.entries(inserted).flatMap(([key, value]): [string, number][] =>
    limitName.test(key) && typeof value === 'number' && value > 0 ? [[key, value]] : [],
  );
  // A burst that QEMU fills in by itself lasts one second.
  return Object.fromEntries(limits.filter(([key, value]) => !(key.endsWith('_max_length') && value === 1)));
}

function bitmapsOf(node: JsonObject): readonly Bitmap[] {
  const { 'dirty-bitmaps': bitmaps } = node;
  if (!Array.isArray(bitmaps)) return [];
  return bitmaps.flatMap((bitmap: JsonValue): Bitmap[] =>
    // One without a name belongs to a job.
    isJsonObject(bitmap) && text(bitmap, 'name') !== ''
      ? [{ name: text(bitmap, 'name'), persistent: bitmap['persistent'] === true }]
      : [],
  );
}

function text(from: JsonObject, key: string): string {
  const value = from[key];
  return typeof value === 'string' ? value : '';
}
