import type { Bytes } from '#contract/units.ts';

/**
 * What a running guest consists of, as QEMU and the kernel answered at one moment: plain data, read in one short visit to
 * the monitor and from /proc. Two portraits can be compared; a portrait and a command line too.
 */
export interface Portrait {
  readonly machine: MachinePortrait;
  /** Everything a guest sees as a disk or a drive: one for each entry of `query-block`. */
  readonly drives: readonly Drive[];
  /** Block nodes that were given a name (`node-name`); those that QEMU named itself (`#block123`) are left out. */
  readonly nodes: readonly BlockNode[];
  /** Running block jobs, for instance `mirror of virtio0`. */
  readonly jobs: readonly string[];
  /** NBD and other exports of this QEMU's disks. */
  readonly exports: readonly string[];
  /** Why QEMU itself refuses to migrate (`blocked-reasons` of `query-migrate`, since 6.0). */
  readonly blockers: readonly string[];
  /** Drivers of all block nodes, each once, those beneath the drives as well. */
  readonly blockDrivers?: readonly string[];
  /** In the order of `info qtree`; the machine's own devices included. */
  readonly devices: readonly Device[];
  /** What `-device` and `device_add` have made, by the places where QEMU keeps it (`/machine/peripheral`, `peripheral-anon`). */
  readonly peripherals: readonly Peripheral[];
  readonly memoryDevices: readonly MemoryDevice[];
  readonly cpus: readonly Cpu[];
  /** Backends and hubs as `info network` describes them. */
  readonly netdevs: readonly Netdev[];
  /** User-created objects (`/objects`). */
  readonly objects: readonly GuestObject[];
  readonly characterDevices: readonly CharacterDevicePort[];
  readonly displays: readonly Display[];
  /** Models of TPMs, for instance `tpm-tis (emulator)`. */
  readonly tpms: readonly string[];
  readonly process: ProcessPortrait;
}

export interface MachinePortrait {
  /** `pc-q35-7.2`: the machine type behind aliases and defaults. */
  readonly type: string;
  readonly memoryBytes: Bytes;
  /** Plugged in later; DIMMs. */
  readonly pluggedBytes: Bytes;
}

/** A file as the kernel knows it: `DEVICE:INODE`, whatever its path. */
export type FileIdentity = string;

/** One image of a backing chain. */
export interface Layer {
  /** `qcow2`, `raw`, or the protocol where the guest uses it without a format. */
  readonly format: string;
  /** As QEMU prints it: a path, a URL, or `json:{...}`. */
  readonly filename: string;
  /** The absolute path behind the name where it is a file of this host. */
  readonly path?: string;
  /** What the path leads to now, in the root and the working directory of the process; absent for what is no local file. */
  readonly leadsTo?: FileIdentity;
  /** The process has that very file open. */
  readonly isOpen: boolean;
  /** Where QEMU itself looks for a relative name now, where that is not the file that it has open (`-daemonize` leaves the folder). */
  readonly lostName?: string;
}

/** I/O limits by QEMU's names (`bps_rd`, `iops_max`, ...); a limit of 0, which is none, is left out. */
export type Throttle = Readonly<Record<string, number>>;

export interface Bitmap {
  readonly name: string;
  readonly persistent: boolean;
}

export interface Drive {
  /** `virtio0`, `ide1-cd0`, or what the operator called it (`id=`); empty where the disk came by `-blockdev`. */
  readonly name: string;
  /** QOM path or id of the device that uses it; absent while none does. */
  readonly device?: string;
  readonly removable: boolean;
  readonly trayOpen: boolean;
  /** Absent for an empty drive. */
  readonly medium?: Medium;
}

export interface Medium {
  readonly nodeName: string;
  readonly readOnly: boolean;
  readonly encrypted: boolean;
  readonly cache: { readonly writeback: boolean; readonly direct: boolean; readonly noFlush: boolean };
  readonly detectZeroes: string;
  /** The image that is written first, then what it is based upon. */
  readonly layers: readonly Layer[];
  readonly throttle: Throttle;
  readonly throttleGroup?: string;
  readonly bitmaps: readonly Bitmap[];
}

export interface BlockNode {
  readonly name: string;
  readonly driver: string;
  readonly filename: string;
  readonly path?: string;
  readonly leadsTo?: FileIdentity;
  readonly readOnly: boolean;
  readonly cache: Medium['cache'];
  readonly detectZeroes: string;
  readonly bitmaps: readonly Bitmap[];
}

export interface Device {
  /** Where it is: the bus it hangs on and everything above, ids where there are some (`pci.0/virtio-net-pci#nic1`). */
  readonly place: string;
  /** The operator's id; empty without one. */
  readonly id: string;
  readonly type: string;
  /** The bus it hangs on, as `bus=` takes it. */
  readonly bus: string;
  /** The device that this one is a part of (a virtio backend of its PCI proxy); its place. Absent for one of the top. */
  readonly parent?: string;
  /** As `info qtree` prints them. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface Peripheral {
  /** `peripheral/nic1`; without an id `peripheral-anon/device[3]`, numbered in the order of their making. */
  readonly place: string;
  /** The operator's id; empty without one. */
  readonly id: string;
  readonly type: string;
  /** Plugged in while the guest ran (QOM `hotplugged`). */
  readonly hotplugged: boolean;
}

export interface MemoryDevice {
  readonly id: string;
  readonly type: string;
  readonly sizeBytes: Bytes;
  /** Guest-physical. */
  readonly address: number;
  readonly slot: number;
  readonly numaNode: number;
  /** Id of the memory backend. */
  readonly backend: string;
  readonly hotplugged: boolean;
}

export interface Cpu {
  readonly type: string;
  /** Position by QEMU's names: `core-id`, `socket-id`, ... */
  readonly position: Readonly<Record<string, number>>;
  /** A processor sits there, rather than an empty socket. */
  readonly plugged: boolean;
  /** The operator's id, where it was plugged in with one. */
  readonly id?: string;
}

export interface Netdev {
  readonly id: string;
  /** `tap`, `user`, `bridge`, ... */
  readonly type: string;
  /** QEMU's own words: `ifname=tap0,script=no,downscript=no`. */
  readonly details: string;
  readonly queues: number;
  /** Ports of the host that a `user` network forwards, as `hostfwd=` takes them: `tcp:127.0.0.1:2222-10.0.2.15:22`. */
  readonly forwards: readonly string[];
}

export interface GuestObject {
  readonly id: string;
  readonly type: string;
  /** Values as text. Only those that decide what the object is. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface CharacterDevicePort {
  readonly id: string;
  /** `unix`, `file`, `pty`, `null`, ...: what stands before the first colon. */
  readonly kind: string;
}

export interface Display {
  /** `vnc` or `spice`. */
  readonly kind: string;
  readonly enabled: boolean;
  /** `none`, `vnc`, `sasl`, `ticketing`, ... */
  readonly authentication: string;
}

export interface ProcessPortrait {
  /** 0 of one that is imagined. */
  readonly pid: number;
  readonly workingDirectory?: string;
  /** `/`, unless it was moved into another root (`-chroot`). */
  readonly root?: string;
  /** False where /proc does not show what the process has open. */
  readonly openFilesKnown: boolean;
  /** The main thread, and each that executes a part of the guest. */
  readonly threads: readonly ThreadPortrait[];
  /** Resource limits by the names of prlimit(1): `nofile` is `1024:524288`, soft and hard. */
  readonly limits: Readonly<Record<string, string>>;
  /** How readily the kernel ends it when memory runs out (/proc/PID/oom_score_adj); absent where it is not shown. */
  readonly outOfMemoryAdjustment?: number;
  readonly controlGroup: ControlGroup;
  /** How many queues of network cards the kernel serves for it (/dev/vhost-net). */
  readonly vhostQueues: number;
  /** What accepts connections for it: ports and unix sockets. */
  readonly listeners: readonly ListenerPortrait[];
}

export interface ThreadPortrait {
  /** `main thread`, `vCPU 0`, `iothread "io1"`. */
  readonly role: string;
  readonly id: number;
  /** `0-1,4`, or `every processor`: all that this machine has. */
  readonly processors: string;
  /** `0`, or `every memory node`. */
  readonly memoryNodes: string;
  readonly niceness: number;
  /** `other`, `fifo`, `batch`, ...; empty for one that has no name here. */
  readonly policy: string;
  /** Of `fifo` and `rr`; else 0. */
  readonly priority: number;
}

export interface ControlGroup {
  /** Of version 2, or of its memory controller; empty where /proc does not show it. */
  readonly path: string;
  /** What limits it or a group above it, by the names of the kernel's files: `memory.max` is `1073741824`. */
  readonly limits: Readonly<Record<string, string>>;
}

export interface ListenerPortrait {
  /** `VNC "default"`, `SPICE`, `character device "serial0"`; empty where QEMU does not name it. */
  readonly owner: string;
  /** `TCP 0.0.0.0:5901`, `unix socket /run/vm.sock`. */
  readonly address: string;
}

/** Of a guest that consists of nothing: two of them are alike. */
export const emptyPortrait: Portrait = {
  machine: { type: '', memoryBytes: 0, pluggedBytes: 0 },
  drives: [],
  nodes: [],
  jobs: [],
  exports: [],
  blockers: [],
  devices: [],
  peripherals: [],
  memoryDevices: [],
  cpus: [],
  netdevs: [],
  objects: [],
  characterDevices: [],
  displays: [],
  tpms: [],
  process: {
    pid: 0,
    openFilesKnown: true,
    threads: [],
    limits: {},
    controlGroup: { path: '', limits: {} },
    vhostQueues: 0,
    listeners: [],
  },
};
