import { expect, test } from 'vitest';
import { describeGuest } from './description.ts';
import { byCluster, byDescriptorPasser, byHand } from './examples.ts';

test('a guest started by hand', () => {
  expect(describeGuest(byHand)).toEqual({
    name: 'web',
    uuid: undefined,
    memoryBytes: 2 * 2 ** 30,
    machine: undefined,
    accelerators: ['kvm'],
    monitors: [{ kind: 'unix-server', path: 'run/web.qmp' }],
    incoming: undefined,
  });
});

test('a guest of a cluster manager: uuid in the SMBIOS table, only the monitor that listens counts', () => {
  expect(describeGuest(byCluster)).toEqual({
    name: 'mail',
    uuid: '0c1f9e0a-7e0b-4f2b-9b1d-3c5a5e0a1f10',
    memoryBytes: 4 * 2 ** 30,
    machine: 'pc-q35-7.2+pve0',
    accelerators: ['kvm', 'tcg'],
    monitors: [{ kind: 'unix-server', path: '/var/run/qemu-server/104.qmp' }],
    incoming: 'tcp:0:60000',
  });
});

test('a guest whose monitor was passed as an open file and whose memory is a JSON object', () => {
  expect(describeGuest(byDescriptorPasser)).toEqual({
    name: 'db',
    uuid: '5e4a3c2b-1d0e-4f9a-8b7c-6d5e4f3a2b1c',
    memoryBytes: 8 * 2 ** 30,
    machine: 'pc-q35-7.2',
    accelerators: ['kvm'],
    monitors: [{ kind: 'passed-socket', descriptor: 33 }],
    incoming: undefined,
  });
});

test.each([
  [['-name', 'a,,b'], { name: 'a,b' }],
  [['-name', 'process=x,guest=g'], { name: 'g' }],
  [['-m', '512'], { memoryBytes: 512 * 2 ** 20 }],
  [['-m', 'size=524280k,slots=2,maxmem=4G'], { memoryBytes: 524_280 * 1024 }],
  [['-m', '1G', '-m', 'slots=2'], { memoryBytes: 2 ** 30 }],
  [['-M', 'q35'], { machine: 'q35' }],
  [['-machine', 'accel=tcg,type=pc'], { machine: 'pc', accelerators: ['tcg'] }],
  [['-accel', 'kvm', '-accel', 'tcg,thread=multi'], { accelerators: ['kvm', 'tcg'] }],
  [['-qmp', 'tcp:localhost:4444,server=on'], { monitors: [] }],
  [['-qmp', 'unix:/run/out.sock'], { monitors: [] }],
  [['-monitor', 'unix:/run/hmp.sock,server=on,wait=off'], { monitors: [] }],
  [
    ['-chardev', 'socket,id=c,path=/q,server=on', '-qmp', 'chardev:c'],
    { monitors: [{ kind: 'unix-server', path: '/q' }] },
  ],
  [['-incoming', 'defer'], { incoming: 'defer' }],
  [['-accel', 'thread=multi'], { accelerators: ['tcg'] }],
  [['-machine', 'q35,memory-backend=ram'], { memoryBytes: undefined }],
  [['-machine', 'q35,memory-backend=ram', '-object', 'memory-backend-memfd,id=ram,size=1G'], { memoryBytes: 2 ** 30 }],
  [['-mon', 'chardev=c,mode=readline'], { monitors: [] }],
  [['-mon', 'chardev=nobody,mode=control'], { monitors: [] }],
  [['-mon', 'mode=control'], { monitors: [] }],
])('%j', (args, expected) => {
  expect(describeGuest(['/usr/bin/qemu-system-x86_64', ...args])).toMatchObject(expected);
});

test.each([
  ['/usr/libexec/qemu-kvm', ['kvm', 'tcg']],
  ['/usr/bin/qemu-system-x86_64', ['tcg']],
])('%s chooses its accelerator by its own name', (program, accelerators) => {
  expect(describeGuest([program]).accelerators).toEqual(accelerators);
});
