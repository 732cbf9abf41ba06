import { parseCommandLine, printCommandLine } from '#main/hosts/command-line/command-line.ts';
import {
  emptyPortrait,
  type BlockNode,
  type Device,
  type Drive,
  type Medium,
  type Portrait,
} from '#main/likeness/portrait.ts';
import type { Pass } from '#main/hosts/carry-over/change.ts';

/** A guest of the machine `pc` in `/vm`, with what a test gives it. */
export function guestWith(parts: Partial<Portrait>): Portrait {
  return {
    ...emptyPortrait,
    machine: { ...emptyPortrait.machine, type: 'pc-i440fx-7.2' },
    process: { ...emptyPortrait.process, workingDirectory: '/vm' },
    ...parts,
  };
}

export const cache: Medium['cache'] = { writeback: true, direct: false, noFlush: false };

/** A qcow2 image and what it is based upon, by their names in `/vm`. */
export function mediumOf(files: string | readonly string[], parts: Partial<Medium> = {}): Medium {
  return {
    nodeName: '#block1',
    readOnly: false,
    encrypted: false,
    cache,
    detectZeroes: 'off',
    layers: [files].flat().map((file) => ({
      format: 'qcow2',
      filename: file,
      ...(file.includes('://') ? {} : { path: `/vm/${file}`, leadsTo: `1:${file}` }),
      isOpen: true,
    })),
    throttle: {},
    bitmaps: [],
    ...parts,
  };
}

export function driveOf(name: string, medium?: Medium, parts: Partial<Drive> = {}): Drive {
  return { name, removable: false, trayOpen: false, ...(medium ? { medium } : {}), ...parts };
}

export function nodeOf(name: string, file: string, parts: Partial<BlockNode> = {}): BlockNode {
  return {
    name,
    driver: 'qcow2',
    filename: file,
    path: `/vm/${file}`,
    readOnly: false,
    cache,
    detectZeroes: 'off',
    bitmaps: [],
    ...parts,
  };
}

export function deviceOf(type: string, id: string, parts: Partial<Device> = {}): Device {
  return { place: `pci.0/${type} "${id}"`, id, type, bus: 'pci.0', properties: {}, ...parts };
}

/** What a pass makes of a command line, and what it says about it, each as `verdict: text`. */
export function changeBy(
  pass: Pass,
  args: readonly string[],
  source: Portrait,
): { readonly args: readonly string[]; readonly said: readonly string[] } {
  const { commandLine, findings } = pass(parseCommandLine(['qemu', ...args]), source);
  return {
    args: printCommandLine(commandLine).slice(1),
    said: findings.map(({ verdict, text }) => `${verdict}: ${text}`),
  };
}
