import { expect, test } from 'vitest';
import { parseDeviceTree } from './device-tree.ts';

/** As QEMU 7.2 prints it, shortened; the human monitor ends its lines so. */
const tree = `bus: main-system-bus
  type System
  dev: hpet, id ""
    gpio-in "" 2
    timers = 3 (0x3)
    mmio 00000000fed00000/0000000000000400
  dev: i440FX-pcihost, id ""
    short_root_bus = 0 (0x0)
    bus: pci.0
      type PCI
      dev: virtio-net-pci, id "nic1"
        addr = 05.0
        class Ethernet controller, addr 00:05.0, pci id 1af4:1000 (sub 1af4:0001)
        bar 0: i/o at 0xc080 [0xc0ff]
        bus: virtio-bus
          type virtio-pci-bus
          dev: virtio-net-device, id ""
            mac = "52:54:00:00:00:99"
      dev: e1000, id ""
        addr = 02.0
      dev: qemu-xhci, id "usb"
        addr = 03.0
        bus: usb.0
          type usb-bus
          dev: usb-tablet, id ""
            port = ""
            addr 0.1, port 2, speed 480, name QEMU USB Tablet, attached
          dev: usb-tablet, id ""
            port = ""
            addr 0.2, port 1, speed 480, name QEMU USB Tablet, attached
`.replaceAll('\n', '\r\n');

test('reads each device with its place, its bus and its properties, and nothing that the guest has made of it', () => {
  const host = 'main-system-bus/i440FX-pcihost 0';
  expect(parseDeviceTree(tree)).toEqual([
    {
      place: 'main-system-bus/hpet 0',
      id: '',
      type: 'hpet',
      bus: 'main-system-bus',
      properties: { timers: '3 (0x3)' },
    },
    { place: host, id: '', type: 'i440FX-pcihost', bus: 'main-system-bus', properties: { short_root_bus: '0 (0x0)' } },
    {
      place: 'pci.0/virtio-net-pci "nic1"',
      id: 'nic1',
      type: 'virtio-net-pci',
      bus: 'pci.0',
      parent: host,
      properties: { addr: '05.0' },
    },
    {
      place: 'pci.0/virtio-net-pci "nic1"/virtio-bus/virtio-net-device 0',
      id: '',
      type: 'virtio-net-device',
      bus: 'virtio-bus',
      parent: 'pci.0/virtio-net-pci "nic1"',
      properties: { mac: '"52:54:00:00:00:99"' },
    },
    { place: 'pci.0/e1000 at 02.0', id: '', type: 'e1000', bus: 'pci.0', parent: host, properties: { addr: '02.0' } },
    {
      place: 'pci.0/qemu-xhci "usb"',
      id: 'usb',
      type: 'qemu-xhci',
      bus: 'pci.0',
      parent: host,
      properties: { addr: '03.0' },
    },
    ...[
      ['1', '2'],
      ['0', '1'],
    ].map(([older, port]) => ({
      place: `usb.0/usb-tablet ${older}`,
      id: '',
      type: 'usb-tablet',
      bus: 'usb.0',
      parent: 'pci.0/qemu-xhci "usb"',
      properties: { port: '""', 'USB port': port },
    })),
  ]);
});

test('makes nothing of what is no tree', () => {
  expect(parseDeviceTree('unknown command: info qtree\r\n')).toEqual([]);
});

test('as many devices of a kind as an answer holds are read', () => {
  const count = 250_000;
  const devices = parseDeviceTree(`bus: b.0\n${'  dev: a, id ""\n'.repeat(count)}`);
  expect([devices.length, devices[0]?.place, devices.at(-1)?.place]).toEqual([count, `b.0/a ${count - 1}`, 'b.0/a 0']);
});
