import type { ListenerPortrait, ThreadPortrait } from './portrait.ts';
import type { Row } from './rows.ts';

/** What does not depend on how the host runs QEMU: the guest's memory, its disks and its devices. */
const unseen = 'The guest and its data do not depend on it';

/** How the host runs the process: none of it is on QEMU's command line. */
export const processRows: readonly Row[] = [
  {
    id: 'affinity',
    title: 'Placement of',
    reads: 'processors and memory nodes of the main thread, of each vCPU and of each iothread (/proc/PID/task)',
    carries: 'pinning to processors that the destination has',
    ofHost: () => true,
    items: ({ process: { threads } }) => new Map(threads.map((thread) => [thread.role, placement(thread)])),
    harmless: (item, _ours, _theirs, { twin }) =>
      `${unseen}. Pin it on the destination with \`taskset -cp PROCESSORS ${threadOf(item, twin.process.threads)}\`.`,
    remedy: '',
  },
  {
    id: 'scheduling',
    title: 'Scheduling of',
    reads: 'niceness, policy and priority of the same threads (/proc/PID/task)',
    carries: 'all of it, as far as the user of Switchyard may set it',
    ofHost: () => true,
    items: ({ process: { threads } }) => new Map(threads.map((thread) => [thread.role, schedulingOf(thread)])),
    harmless: (item, _ours, _theirs, { twin }) =>
      `${unseen}. Set it on the destination with \`renice\` or \`chrt -p\` of thread ${threadOf(item, twin.process.threads)}.`,
    remedy: '',
  },
  {
    id: 'resource-limit',
    title: 'Resource limit',
    reads: 'resource limits of the process (/proc/PID/limits)',
    carries: 'all of them, as far as the user of Switchyard may set them',
    ofHost: () => true,
    items: ({ process: { limits } }) => new Map(Object.entries(limits)),
    harmless: (item, ours, _theirs, { twin }) =>
      `The destination has started within its own. Set it with \`prlimit --pid ${twin.process.pid} --${item}=${ours ?? 'unlimited'}\`.`,
    remedy: '',
  },
  {
    id: 'out-of-memory',
    title: 'Out-of-memory adjustment',
    reads: 'how readily the kernel ends the process when memory runs out (/proc/PID/oom_score_adj)',
    carries: 'the value, as far as the user of Switchyard may set it',
    ofHost: () => true,
    items: ({ process: { outOfMemoryAdjustment: value } }) =>
      new Map(value === undefined ? [] : [['of the process', `${value}`]]),
    harmless: (_item, ours, _theirs, { twin }) =>
      `${unseen}. Set it with \`echo ${ours ?? '0'} > /proc/${twin.process.pid}/oom_score_adj\`.`,
    remedy: '',
  },
  {
    id: 'control-group',
    title: 'Limit of the control group',
    reads: 'limits of its control group and of those above (/proc/PID/cgroup, /sys/fs/cgroup)',
    carries: 'nothing; a difference is reported',
    ofHost: () => true,
    items: ({ process: { controlGroup } }) => new Map(Object.entries(controlGroup.limits)),
    harmless: (item, ours, _theirs, { source, twin }) =>
      ours === undefined
        ? `It is that of the group in which Switchyard runs (${twin.process.controlGroup.path}).`
        : `The destination is started in the control group of Switchyard, because ending the service of the source would end it as well. Limit it with \`systemd-run\` or by writing ${twin.process.pid} into cgroup.procs of a group with ${item}=${ours}; the source is in ${source.process.controlGroup.path}.`,
    remedy: '',
  },
  {
    id: 'vhost',
    title: 'vhost',
    reads: 'how many queues of network cards the kernel serves (/dev/vhost-net in /proc/PID/fd)',
    carries: 'vhost of taps that were plugged in',
    ofHost: () => true,
    items: ({ process: { vhostQueues } }) => new Map([['queues', `${vhostQueues}`]]),
    remedy:
      'See whether /dev/vhost-net is on the destination (`modprobe vhost_net`) and open to the user of QEMU, or restart the guest without vhost.',
  },
  {
    id: 'listener',
    title: 'Listener',
    reads:
      'TCP ports and unix sockets on which the process listens (the socket tables of the kernel), by who opened them in QEMU',
    carries: 'nothing; what the destination lacks is refused',
    items: ({ process: { listeners }, netdevs }) => {
      // QEMU does not say which socket is that of a `stream` backend; its path is one of its own on the destination.
      const hasStream = netdevs.some(({ type }) => type === 'stream');
      const owned = Map.groupBy(listeners, ({ owner, address }) => {
        if (owner !== '') return owner;
        return hasStream && address.startsWith(unixSocket) ? ofBackends : address;
      });
      return new Map([...owned].map(([item, each]) => [item, valueOf(item, each)]));
    },
    harmless: (item, ours, theirs, { source, twin }) => {
      if (ours === undefined) return 'Only the destination listens there, and a client of the guest loses nothing.';
      if (item === ofBackends) return undefined;
      const [here, there] = [source, twin].map(({ process }) => addressesOf(item, process.listeners).length);
      return theirs !== undefined && here === there
        ? 'Its address belongs to the host: clients connect again after the move, to the one there.'
        : undefined;
    },
    remedy:
      'End it on the source (`nbd_server_stop`, `hostfwd_remove`, `gdbserver none`), migrate, and open it again on the destination.',
  },
];

export function placement({ processors, memoryNodes }: ThreadPortrait): string {
  const [cpus, nodes] = [named('processors', processors), named('memory nodes', memoryNodes)];
  return `${cpus}, ${nodes}`;
}

function named(kind: string, list: string): string {
  return list.startsWith('every ') ? list : `${kind} ${list}`;
}

export function schedulingOf({ policy, priority, niceness }: ThreadPortrait): string {
  return `policy ${policy === '' ? 'of another name' : policy}, priority ${priority}, niceness ${niceness}`;
}

/** What accepts connections for a part of QEMU that has a name is somewhere else on the destination; the rest must be where it is. */
function valueOf(item: string, listeners: readonly ListenerPortrait[]): string {
  if (item === ofBackends) return `${listeners.length}`;
  return listeners.some(({ owner }) => owner.startsWith(ofCharacterDevice))
    ? 'a listener'
    : listeners
        .map(({ address }) => address)
        .toSorted()
        .join(', ');
}

/** Its kind is compared as that of the character device, and its place is one of its own on the destination. */
const ofCharacterDevice = 'character device ';

const unixSocket = 'unix socket ';
const ofBackends = 'unix sockets of network backends';

function addressesOf(item: string, listeners: readonly ListenerPortrait[]): readonly string[] {
  return listeners.filter(({ owner }) => owner === item).map(({ address }) => address);
}

function threadOf(role: string, threads: readonly ThreadPortrait[]): number | string {
  return threads.find((thread) => thread.role === role)?.id ?? 'TID';
}
