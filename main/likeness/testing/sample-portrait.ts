import type { Portrait } from '#main/likeness/portrait.ts';

/** A guest that has at least one of everything, and nothing that stands in the way of a move. */
export const samplePortrait: Portrait = {
  machine: { type: 'pc-i440fx-7.2', memoryBytes: 67_100_672, pluggedBytes: 33_554_432 },
  drives: [
    {
      name: 'virtio0',
      device: '/machine/peripheral-anon/device[0]/virtio-backend',
      removable: false,
      trayOpen: false,
      medium: {
        nodeName: '#block123',
        readOnly: false,
        encrypted: false,
        cache: { writeback: true, direct: true, noFlush: false },
        detectZeroes: 'off',
        layers: [
          { format: 'qcow2', filename: 'top.qcow2', path: '/vm/top.qcow2', leadsTo: '1:11', isOpen: true },
          { format: 'qcow2', filename: '/vm/base.qcow2', path: '/vm/base.qcow2', leadsTo: '1:10', isOpen: true },
        ],
        throttle: { iops: 100 },
        throttleGroup: 'virtio0',
        bitmaps: [{ name: 'backup', persistent: true }],
      },
    },
    {
      name: '',
      device: '/machine/peripheral/disk1/virtio-backend',
      removable: false,
      trayOpen: false,
      medium: {
        nodeName: 'd1',
        readOnly: false,
        encrypted: false,
        cache: { writeback: true, direct: false, noFlush: false },
        detectZeroes: 'off',
        layers: [{ format: 'raw', filename: 'nbd://store/d1', isOpen: false }],
        throttle: {},
        bitmaps: [],
      },
    },
    { name: 'ide1-cd0', device: '/machine/unattached/device[20]', removable: true, trayOpen: false },
  ],
  nodes: [
    {
      name: 'd1',
      driver: 'raw',
      filename: '/vm/d1.raw',
      path: '/vm/d1.raw',
      leadsTo: '1:12',
      readOnly: false,
      cache: { writeback: true, direct: false, noFlush: false },
      detectZeroes: 'off',
      bitmaps: [{ name: 'daily', persistent: true }],
    },
  ],
  jobs: [],
  exports: [],
  blockers: [],
  devices: [
    {
      place: 'pci.0/virtio-net-pci "nic1"',
      id: 'nic1',
      type: 'virtio-net-pci',
      bus: 'pci.0',
      properties: { addr: '05.0', multifunction: 'false' },
    },
    {
      place: 'pci.0/virtio-net-pci "nic1"/virtio-bus/virtio-net-device 0',
      id: '',
      type: 'virtio-net-device',
      bus: 'virtio-bus',
      parent: 'pci.0/virtio-net-pci "nic1"',
      properties: { mac: '"52:54:00:00:00:01"', netdev: '"n1"' },
    },
  ],
  peripherals: [
    { place: 'peripheral/nic1', id: 'nic1', type: 'virtio-net-pci', hotplugged: false },
    { place: 'peripheral-anon/device[0]', id: '', type: 'virtio-blk-pci', hotplugged: false },
  ],
  memoryDevices: [
    {
      id: 'dimm1',
      type: 'dimm',
      sizeBytes: 33_554_432,
      address: 4_294_967_296,
      slot: 0,
      numaNode: 0,
      backend: 'm1',
      hotplugged: false,
    },
  ],
  cpus: [
    { type: 'qemu64-x86_64-cpu', position: { 'core-id': 0, 'socket-id': 0 }, plugged: true },
    { type: 'qemu64-x86_64-cpu', position: { 'core-id': 0, 'socket-id': 1 }, plugged: true, id: 'cpu1' },
  ],
  netdevs: [{ id: 'n1', type: 'user', details: 'net=10.0.2.0,restrict=off' }],
  objects: [{ id: 'm1', type: 'memory-backend-ram', properties: { size: '33554432', share: 'off' } }],
  characterDevices: [{ id: 'serial0', kind: 'file' }],
  displays: [{ kind: 'vnc', enabled: true, authentication: 'vnc' }],
  tpms: [],
  process: {
    workingDirectory: '/vm',
    root: '/',
    openFilesKnown: true,
    attributes: { processors: '0-1', niceness: '0' },
  },
};
