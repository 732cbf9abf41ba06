import { expect, test } from 'vitest';
import { hostCommands, linkCommands, wiring } from './links.ts';
import { planLab } from './options.ts';

const plan = planLab({ name: 'n', linkRatesBitsPerSecond: [500e6, 1e9] });

test('a link is one pair of interfaces of the same name', () => {
  expect(wiring(plan)).toEqual([
    'link add name eth1 netns n-source type veth peer name eth1 netns n-destination',
    'link add name eth2 netns n-source type veth peer name eth2 netns n-destination',
  ]);
});

test('a host announces every address but its first', () => {
  expect(hostCommands(plan, 'destination')).toEqual({
    ip: [
      'link set lo up',
      'addr add 10.77.1.2/24 dev eth1',
      'link set eth1 up',
      'route replace 10.77.1.1 dev eth1 src 10.77.1.2 congctl cubic',
      'addr add 10.77.2.2/24 dev eth2',
      'link set eth2 up',
      'route replace 10.77.2.1 dev eth2 src 10.77.2.2 congctl cubic',
      'mptcp limits set subflows 8 add_addr_accepted 8',
      'mptcp endpoint add 10.77.2.2 dev eth2 signal',
    ],
    tc: [
      'qdisc replace dev eth1 root tbf rate 500000000bit burst 250000 latency 20ms',
      'qdisc replace dev eth2 root tbf rate 1000000000bit burst 500000 latency 20ms',
    ],
  });
});

test('an untouched path manager gets no command', () => {
  const { ip } = hostCommands({ ...plan, pathManager: 'untouched' }, 'source');
  expect(ip.filter((command) => command.startsWith('mptcp'))).toEqual([]);
});

test('the bucket of a slow link still holds one segment', () => {
  const slow = planLab({ linkRatesBitsPerSecond: [10e6] });
  expect(hostCommands(slow, 'source').tc).toEqual([
    'qdisc replace dev eth1 root tbf rate 10000000bit burst 65536 latency 20ms',
  ]);
});

test('a carrier is taken away on one host', () => {
  expect(linkCommands(2, 'down', 'destination')).toEqual({ source: [], destination: ['link set eth2 down'] });
});

test('a silent link loses what either host sends', () => {
  expect(linkCommands(2, 'silent', 'source')).toEqual({
    source: ['link set eth2 up', 'neigh replace 10.77.2.2 lladdr 02:00:00:00:00:01 nud permanent dev eth2'],
    destination: ['link set eth2 up', 'neigh replace 10.77.2.1 lladdr 02:00:00:00:00:01 nud permanent dev eth2'],
  });
});

test('restoring undoes either fault on both hosts', () => {
  expect(linkCommands(1, 'up', 'source')).toEqual({
    source: [
      'link set eth1 up',
      'route replace 10.77.1.2 dev eth1 src 10.77.1.1 congctl cubic',
      'neigh flush to 10.77.1.2 dev eth1 nud permanent',
    ],
    destination: [
      'link set eth1 up',
      'route replace 10.77.1.1 dev eth1 src 10.77.1.2 congctl cubic',
      'neigh flush to 10.77.1.1 dev eth1 nud permanent',
    ],
  });
});
