import { expect, test } from 'vitest';
import { readControlGroup } from './control-group.ts';

function reading(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => files[path] ?? '';
}

test('limits of the group and of those above it, but for those that limit nothing', () => {
  const read = reading({
    '/sys/fs/cgroup/machine.slice/vm.scope/memory.max': '1073741824\n',
    '/sys/fs/cgroup/machine.slice/vm.scope/cpu.max': 'max 100000\n',
    '/sys/fs/cgroup/machine.slice/memory.max': '8589934592\n',
    '/sys/fs/cgroup/machine.slice/cpuset.cpus': '0-3\n',
  });
  expect(readControlGroup('0::/machine.slice/vm.scope\n', read)).toEqual({
    path: '/machine.slice/vm.scope',
    limits: { 'cpuset.cpus': '0-3', 'memory.max': '1073741824, 8589934592' },
  });
});

test('of version 1, each controller has a group of its own', () => {
  const read = reading({
    '/sys/fs/cgroup/memory/vm/memory.limit_in_bytes': '1073741824\n',
    '/sys/fs/cgroup/cpu/vm/cpu.cfs_quota_us': '-1\n',
  });
  expect(readControlGroup('4:memory:/vm\n1:cpu,cpuacct:/vm\n0::/\n', read)).toEqual({
    path: '/vm',
    limits: { 'memory.limit_in_bytes': '1073741824' },
  });
});

test('without a limit of version 1 the number is that of all addresses', () => {
  const read = reading({ '/sys/fs/cgroup/memory/vm/memory.limit_in_bytes': '9223372036854771712\n' });
  expect(readControlGroup('4:memory:/vm\n', read).limits).toEqual({});
});

test('the group of another namespace is named, and nothing above ours is read', () => {
  const read = (path: string): string => `read ${path}`;
  expect(readControlGroup('0::/../../vm\n', read)).toEqual({ path: '/../../vm', limits: {} });
});
