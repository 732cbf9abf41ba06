import { describe, expect, test } from 'vitest';
import type { MptcpEndpoint, MptcpFacts } from '#contract/host.ts';
import type { Path } from '#contract/migration.ts';
import { planPaths, type PathPlanInput } from './plan-paths.ts';

function path(n: number): Path {
  return {
    sourceInterface: `a${n}`,
    sourceAddress: `10.77.${n}.1`,
    destinationInterface: `b${n}`,
    destinationAddress: `10.77.${n}.2`,
    mtu: 1500,
  };
}

interface Story {
  readonly paths?: number;
  /** The second path is one. */
  readonly backup?: true;
  readonly source?: Partial<MptcpFacts>;
  readonly destination?: Partial<MptcpFacts>;
  readonly kernel?: string;
  readonly routes?: PathPlanInput['routes'];
  readonly listener?: string;
  readonly forOthers?: PathPlanInput['announcedForOthers'];
}

/** Two fresh hosts with two paths, as the kernel sets them up by default; a story changes what it is about. */
function plan({
  paths = 2,
  backup,
  source,
  destination,
  kernel = '6.1.0-18-amd64',
  routes,
  listener = '0.0.0.0',
  forOthers = [],
}: Story) {
  const fresh: MptcpFacts = {
    usable: true,
    sysctls: {},
    endpoints: [],
    limits: { subflows: 2, addAddrAccepted: 0 },
    counters: {},
  };
  return planPaths({
    paths: Array.from({ length: paths }, (_, index) => ({
      ...path(index + 1),
      ...(index === 1 && backup && { backup }),
    })),
    source: { id: 'left', kernel, mptcp: { ...fresh, ...source } },
    destination: { id: 'right', kernel, mptcp: { ...fresh, ...destination } },
    routes,
    listener: { address: listener, port: 4444 },
    announcedForOthers: forOthers,
  });
}

const commands = (story: Story): [readonly string[], readonly string[]] => {
  const { source, destination } = plan(story);
  return [source.commands, destination.commands];
};

const warnings = (story: Story): unknown[] =>
  plan(story).warnings.map(({ kind, side, command }) => [kind, side, command]);

const second: MptcpEndpoint = { id: 5, address: '10.77.2.2', interface: 'b2', flags: ['signal'] };

describe('between fresh hosts', () => {
  test('a path that is a backup is announced as one', () => {
    expect(commands({ backup: true })[1]).toEqual(['ip mptcp endpoint add 10.77.2.2 dev b2 signal backup']);
  });

  test('the destination announces its second address and the source accepts it', () => {
    expect(plan({})).toEqual({
      source: {
        changes: [
          {
            kind: 'set-limits',
            limits: { subflows: 2, addAddrAccepted: 8 },
            before: { subflows: 2, addAddrAccepted: 0 },
          },
        ],
        commands: ['ip mptcp limits set subflows 2 add_addr_accepted 8'],
      },
      destination: {
        changes: [{ kind: 'add-endpoint', endpoint: { address: '10.77.2.2', interface: 'b2', flags: ['signal'] } }],
        commands: ['ip mptcp endpoint add 10.77.2.2 dev b2 signal'],
      },
      warnings: [],
      unannounced: [],
    });
  });

  test('four paths need three announcements, and limits of three on both', () => {
    expect(commands({ paths: 4 })).toEqual([
      ['ip mptcp limits set subflows 3 add_addr_accepted 8'],
      [
        'ip mptcp limits set subflows 3 add_addr_accepted 0',
        'ip mptcp endpoint add 10.77.2.2 dev b2 signal',
        'ip mptcp endpoint add 10.77.3.2 dev b3 signal',
        'ip mptcp endpoint add 10.77.4.2 dev b4 signal',
      ],
    ]);
  });

  test('one path needs nothing', () => {
    expect(plan({ paths: 1 })).toEqual({
      source: { changes: [], commands: [] },
      destination: { changes: [], commands: [] },
      warnings: [],
      unannounced: [],
    });
  });

  test('a listener on one address gets help from the kernel at the others', () => {
    expect(commands({ listener: '10.77.1.2' })[1]).toEqual(['ip mptcp endpoint add 10.77.2.2 dev b2 signal port 4444']);
  });
});

describe('what is there already', () => {
  test('is enough when it is enough', () => {
    const limits = { subflows: 8, addAddrAccepted: 8 };
    expect(commands({ source: { limits }, destination: { limits, endpoints: [second] } })).toEqual([[], []]);
  });

  test('is never lowered', () => {
    expect(commands({ source: { limits: { subflows: 7, addAddrAccepted: 0 } } })[0]).toEqual([
      'ip mptcp limits set subflows 7 add_addr_accepted 8',
    ]);
  });

  test('is left alone when another program keeps the address for joins of its own', () => {
    const story: Story = { destination: { endpoints: [{ ...second, flags: ['subflow'] }] } };
    expect([commands(story)[1], warnings(story)]).toEqual([
      [],
      [
        [
          'foreign-endpoint',
          'destination',
          'ip mptcp endpoint delete id 5 && ip mptcp endpoint add 10.77.2.2 dev b2 signal',
        ],
      ],
    ]);
  });

  test('leaves a path that nothing announces out of what can be counted on', () => {
    const { unannounced } = plan({ paths: 3, destination: { endpoints: [{ ...second, flags: ['subflow'] }] } });
    expect(unannounced.map(({ path: { sourceInterface } }) => sourceInterface)).toEqual(['a2']);
  });

  test('is reported when it makes a path a mere backup', () => {
    expect(warnings({ destination: { endpoints: [{ ...second, flags: ['signal', 'backup'] }] } })).toEqual([
      ['path-is-backup', 'destination', 'ip mptcp endpoint change id 5 nobackup'],
    ]);
  });

  test('is what it should be where the plan has the path as a backup', () => {
    const announced: MptcpEndpoint = { ...second, flags: ['signal', 'backup'] };
    expect(warnings({ backup: true, destination: { endpoints: [announced] } })).toEqual([]);
  });

  test('may be a note of the kernel, which gives way', () => {
    const story: Story = { destination: { endpoints: [{ ...second, flags: ['implicit'] }] } };
    expect([commands(story)[1], warnings(story)]).toEqual([['ip mptcp endpoint add 10.77.2.2 dev b2 signal'], []]);
  });

  test('on the source that joins by itself takes its part of the limits, and is reported', () => {
    const own: MptcpEndpoint = { id: 1, address: '10.77.2.1', flags: ['subflow'] };
    const story: Story = { source: { endpoints: [own] }, paths: 3 };
    expect([commands(story)[0], warnings(story)]).toEqual([
      ['ip mptcp limits set subflows 3 add_addr_accepted 8'],
      [['foreign-subflows', 'source', undefined]],
    ]);
  });

  test('that announces an address on none of the paths is counted and reported', () => {
    const story: Story = { destination: { endpoints: [{ id: 1, address: '192.0.2.7', flags: ['signal'] }] } };
    expect([commands(story)[0], warnings(story)]).toEqual([
      ['ip mptcp limits set subflows 2 add_addr_accepted 8'],
      [['foreign-announcement', 'destination', undefined]],
    ]);
  });

  test('may leave no room', () => {
    const endpoints = Array.from({ length: 8 }, (_, index): MptcpEndpoint => {
      return { id: index + 1, address: `192.0.2.${index}`, flags: ['backup'] };
    });
    const story: Story = { destination: { endpoints } };
    expect([commands(story)[1], warnings(story)]).toEqual([[], [['too-many-endpoints', 'destination', undefined]]]);
  });

  test('is unknown where the limits could not be read, and then not touched', () => {
    const { source } = plan({ source: { limits: undefined } });
    expect(source.changes).toEqual([]);
  });
});

test('what another migration has announced takes its part of the limits, unless it is announced for this one anyway', () => {
  const limits = (forOthers: readonly string[]) => plan({ paths: 3, forOthers }).source.changes[0];
  expect([limits(['10.77.4.2', '10.77.5.2']), limits(['10.77.1.2', '10.77.2.2'])]).toMatchObject([
    { limits: { subflows: 4 } },
    { kind: 'set-limits', limits: { subflows: 2 } },
  ]);
});

describe('too much', () => {
  test('to announce is listed, address by address', () => {
    const told = plan({ paths: 12 }).warnings.filter(({ kind }) => kind === 'too-many-endpoints');
    expect(told.map(({ sentence }) => /10\.77\.\d+\.2/.exec(sentence)?.[0])).toEqual([
      '10.77.10.2',
      '10.77.11.2',
      '10.77.12.2',
    ]);
  });

  test('for the limits is listed, and they are set to the highest', () => {
    const foreign: MptcpEndpoint = { id: 1, address: '10.99.0.1', flags: ['fullmesh'] };
    const story: Story = { paths: 6, source: { endpoints: [foreign] } };
    expect([commands(story)[0], warnings(story)]).toEqual([
      ['ip mptcp limits set subflows 8 add_addr_accepted 8'],
      [
        ['too-many-paths', 'source', undefined],
        ['foreign-subflows', 'source', undefined],
      ],
    ]);
  });
});

describe('where both ports of the source are in one subnet', () => {
  const routes: PathPlanInput['routes'] = {
    source: [
      { from: undefined, to: '10.77.2.2', interface: 'a1', gateway: undefined },
      { from: '10.77.2.1', to: '10.77.2.2', interface: 'a1', gateway: undefined },
      { from: undefined, to: '10.77.3.2', interface: 'a3', gateway: undefined },
    ],
    destination: [{ from: '10.77.2.2', to: '10.77.2.1', interface: 'b1', gateway: undefined }],
  };

  test('laminar endpoints bind every further path, in order, where the kernel has them', () => {
    expect(commands({ paths: 3, routes, kernel: '6.18.2' })[0]).toEqual([
      'ip mptcp limits set subflows 2 add_addr_accepted 8',
      'ip mptcp endpoint add 10.77.2.1 dev a2 laminar',
      'ip mptcp endpoint add 10.77.3.1 dev a3 laminar',
    ]);
  });

  const third: MptcpEndpoint = { id: 1, address: '10.77.3.2', interface: 'b3', flags: ['signal'] };

  test('in the order in which the destination announces, where it has endpoints already', () => {
    const story: Story = { paths: 3, routes, kernel: '6.18.2', destination: { endpoints: [third] } };
    expect(commands(story)[0].slice(1)).toEqual([
      'ip mptcp endpoint add 10.77.3.1 dev a3 laminar',
      'ip mptcp endpoint add 10.77.2.1 dev a2 laminar',
    ]);
  });

  test('behind those that are there already in that order', () => {
    const own: MptcpEndpoint = { id: 1, address: '10.77.2.1', interface: 'a2', flags: ['laminar'] };
    const story: Story = { paths: 3, routes, kernel: '6.18.2', source: { endpoints: [own] } };
    expect(commands(story)[0].slice(1)).toEqual(['ip mptcp endpoint add 10.77.3.1 dev a3 laminar']);
  });

  test.each<[string, Story]>([
    [
      'an address of the source has another endpoint',
      { source: { endpoints: [{ id: 1, address: '10.77.3.1', flags: ['signal'] }] } },
    ],
    [
      'the destination announces what is on no path',
      { destination: { endpoints: [{ id: 1, address: '192.0.2.9', flags: ['signal'] }] } },
    ],
    [
      'the source binds in another order',
      { source: { endpoints: [{ id: 1, address: '10.77.3.1', flags: ['laminar'] }] } },
    ],
  ])('none where %s: what cannot be bound is left out, and the others are used', (_, there) => {
    const story: Story = { paths: 3, routes, kernel: '6.18.2', ...there };
    const { source, destination, unannounced } = plan(story);
    expect([
      source.commands.filter((command) => command.includes('laminar')),
      destination.commands,
      unannounced.map(({ path: { sourceInterface }, warning: { kind, command } }) => [sourceInterface, kind, command]),
    ]).toEqual([
      [],
      ['ip mptcp endpoint add 10.77.3.2 dev b3 signal'],
      [['a2', 'foreign-endpoint', 'ip route add 10.77.2.2/32 dev a2 src 10.77.2.1']],
    ]);
  });

  test('an older kernel needs a route, which only the operator can want', () => {
    const story: Story = { paths: 3, routes, kernel: '6.12.0' };
    expect([commands(story)[0], warnings(story)]).toEqual([
      ['ip mptcp limits set subflows 2 add_addr_accepted 8'],
      [
        ['answers-routed-elsewhere', 'destination', 'ip route add 10.77.2.1/32 dev b2 src 10.77.2.2'],
        ['routed-elsewhere', 'source', 'ip route add 10.77.2.2/32 dev a2 src 10.77.2.1'],
      ],
    ]);
  });

  test('a path that only a rule leads to from its own address is bound as well', () => {
    const ruled: PathPlanInput['routes'] = {
      source: [{ from: undefined, to: '10.77.2.2', interface: undefined, gateway: undefined }],
      destination: [],
    };
    expect(commands({ routes: ruled, kernel: '6.18.2' })[0]).toContain(
      'ip mptcp endpoint add 10.77.2.1 dev a2 laminar',
    );
  });

  test('no more paths are bound than the kernel keeps endpoints', () => {
    const foreign = Array.from({ length: 7 }, (_, index): MptcpEndpoint => {
      return { id: index + 1, address: `192.0.2.${index}`, flags: ['backup'] };
    });
    const story: Story = { paths: 3, routes, kernel: '6.18.2', source: { endpoints: foreign } };
    expect([commands(story)[0], plan(story).warnings.map(({ kind, side }) => `${side} ${kind}`)]).toEqual([
      ['ip mptcp limits set subflows 2 add_addr_accepted 8', 'ip mptcp endpoint add 10.77.2.1 dev a2 laminar'],
      ['destination answers-routed-elsewhere', 'source too-many-endpoints'],
    ]);
  });

  test('nothing is done where routing chooses well', () => {
    const well = routes.source.filter(({ interface: name }) => name !== 'a1');
    expect(commands({ paths: 3, routes: { source: well, destination: [] }, kernel: '6.18.2' })[0]).toEqual([
      'ip mptcp limits set subflows 2 add_addr_accepted 8',
    ]);
  });
});
