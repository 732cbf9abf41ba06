import type { Cpu, Display, GuestObject, MemoryDevice, Portrait, ProcessPortrait } from '#main/likeness/portrait.ts';
import { isJsonObject, printJson, type JsonObject, type JsonValue } from '#main/qmp/json.ts';
import type { Answers } from './answers.ts';
import { parseDeviceTree } from './device-tree.ts';
import { readDrives, readNodes } from './drives.ts';
import type { FileView } from './files.ts';
import { parseNetworkBackends } from './network-backends.ts';

/** Puts what QEMU and the kernel answered into one portrait. Pure but for where the view of files leads. */
export function portraitOf(answers: Answers, files: FileView, process: ProcessPortrait): Portrait {
  return {
    machine: {
      type: answers.machineType,
      memoryBytes: answers.memory['base-memory'],
      pluggedBytes: answers.memory['plugged-memory'] ?? 0,
    },
    drives: readDrives(answers.drives, files),
    nodes: readNodes(answers.nodes, files),
    jobs: answers.jobs.map(({ type, device }) => `${type} of ${device}`),
    exports: answers.exports.map(({ id, type, 'node-name': node }) => `${type} "${id}" of ${node}`),
    blockers: answers.blockers,
    blockDrivers: [...new Set(answers.nodes.map((node) => text(node, 'drv')))],
    devices: parseDeviceTree(answers.deviceTree),
    peripherals: answers.peripherals,
    memoryDevices: answers.memoryDevices.flatMap(readMemoryDevice),
    cpus: answers.cpus.map(readCpu),
    netdevs: parseNetworkBackends(answers.network, answers.userNetworks),
    objects: answers.objects.map((object) => readObject(object, answers)),
    characterDevices: answers.characterDevices.map(({ label, filename }) => ({
      id: label,
      // `disconnected:unix:/run/a.sock,server=on` without a client.
      kind: filename.replace(/^disconnected:/, '').replace(/[:,].*$/, ''),
    })),
    displays: displaysOf(answers),
    tpms: answers.tpms.map((tpm) => `${text(tpm, 'model')} (${kindOfTpm(tpm)})`),
    process,
  };
}

function readMemoryDevice({ type, data }: JsonObject): MemoryDevice[] {
  if (!isJsonObject(data)) return [];
  return [
    {
      id: text(data, 'id'),
      type: typeof type === 'string' ? type : '',
      sizeBytes: number(data, 'size'),
      address: number(data, 'addr') || number(data, 'memaddr'),
      slot: number(data, 'slot'),
      numaNode: number(data, 'node'),
      backend: text(data, 'memdev').replace(/^\/objects\//, ''),
      hotplugged: data['hotplugged'] === true,
    },
  ];
}

function readCpu(place: JsonObject): Cpu {
  const { props } = place;
  const path = text(place, 'qom-path');
  const id = /^\/machine\/peripheral\/([^/]+)$/.exec(path)?.[1];
  return {
    type: text(place, 'type'),
    position: Object.fromEntries(
      Object.entries(isJsonObject(props) ? props : {})
        // Which node it belongs to follows from where it sits.
        .flatMap(([key, value]): [string, number][] =>
          typeof value === 'number' && key !== 'node-id' ? [[key, value]] : [],
        )
        .toSorted(([a], [b]) => a.localeCompare(b)),
    ),
    plugged: path !== '',
    ...(id === undefined ? {} : { id }),
  };
}

function readObject({ id, type }: { readonly id: string; readonly type: string }, answers: Answers): GuestObject {
  const backend = answers.memoryBackends.find((each) => text(each, 'id') === id);
  const properties = backend ? memoryProperties(backend) : (answers.objectProperties.get(id) ?? {});
  return {
    id,
    type,
    properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, say(value)])),
  };
}

function memoryProperties(backend: JsonObject): Readonly<Record<string, JsonValue>> {
  const names = ['size', 'merge', 'dump', 'prealloc', 'share', 'reserve', 'policy', 'host-nodes'];
  return Object.fromEntries(names.flatMap((name) => (name in backend ? [[name, backend[name] ?? null]] : [])));
}

function displaysOf({ vnc, spice }: Answers): readonly Display[] {
  return [
    ...(vnc ? [{ kind: 'vnc', enabled: vnc.enabled, authentication: vnc.auth ?? 'none' }] : []),
    ...(spice ? [{ kind: 'spice', enabled: spice.enabled, authentication: spice.auth ?? 'none' }] : []),
  ];
}

function kindOfTpm({ options }: JsonObject): string {
  return isJsonObject(options) ? text(options, 'type') : '';
}

function say(value: JsonValue): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'string' ? value : printJson(value);
}

function text(from: JsonObject, key: string): string {
  const value = from[key];
  return typeof value === 'string' ? value : '';
}

function number(from: JsonObject, key: string): number {
  const value = from[key];
  return typeof value === 'number' ? value : 0;
}
