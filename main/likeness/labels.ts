import type { Cpu, Drive, Layer, Medium } from './portrait.ts';

/** `-drive` has given it a name; a disk that came by `-blockdev` is known by the device that uses it. */
export function driveLabel({ name, device = '' }: Drive): string {
  if (name !== '') return name;
  return /^\/machine\/peripheral(?:-anon)?\/([^/]+)/.exec(device)?.[1] ?? device;
}

export function layerLabel({ path, filename, format }: Layer): string {
  return `${path ?? filename} (${format})`;
}

/** The chain, from what is written to what it is based upon. */
export function mediumLabel(medium: Medium | undefined): string {
  return medium === undefined ? 'no medium' : medium.layers.map(layerLabel).join(' on ');
}

/** `socket-id 0, core-id 1`. */
export function cpuLabel({ position }: Cpu): string {
  return Object.entries(position)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

export function throttleLabel({ throttle }: Medium): string {
  const limits = Object.entries(throttle).toSorted(([a], [b]) => a.localeCompare(b));
  return limits.length === 0 ? 'no I/O limits' : limits.map(([key, value]) => `${key}=${value}`).join(' ');
}
