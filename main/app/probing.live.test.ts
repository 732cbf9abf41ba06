import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LocalHost } from '#main/hosts/local-host.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { namespacePlace } from '#main/hosts/network-place.ts';
import { TwoHosts, whyNoHosts } from '#main/mptcp/fixtures/two-hosts.ts';
import { notedProbes, noteProbe, type NotedHost } from '#main/storage/probe-files.ts';
import { Prober } from './probing.ts';

const missing = whyNoHosts();
if (missing !== undefined) process.stdout.write(`skipped: ${missing}\n`);

const sides = ['source', 'destination'] as const;
const id = '20261122T120250Z-7f3a';

test.skipIf(missing !== undefined)(
  'what a probe had set when its process was killed is put back by the next',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-probing-'));
    using stack = new DisposableStack();
    stack.defer(() => rmSync(folder, { recursive: true }));
    const hosts = stack.use(new TwoHosts());
    const setting = (): string[] =>
      sides.map((side) => hosts.ip(side, 'mptcp', 'endpoint') + hosts.ip(side, 'mptcp', 'limits'));
    const hostOf = (name: string): LocalHost => new LocalHost(name, { runtimeDirectory: folder }, namespacePlace(name));
    const before = setting();
    const noted = await Promise.all(
      sides.map(async (side, index): Promise<NotedHost> => {
        const facts = await hostOf(hosts[side]).facts();
        const { endpoints, limits } = facts.mptcp;
        const address = `10.79.2.${index + 1}`;
        const endpoint = { address, interface: 'eth2', flags: ['signal' as const] };
        const raised = { subflows: 7, addAddrAccepted: 7 };
        const lease = {
          migrationId: id,
          planned: [
            { kind: 'add-endpoint' as const, endpoint },
            ...(limits ? [{ kind: 'set-limits' as const, limits: raised, before: limits }] : []),
          ],
          before: { endpoints, limits },
          addresses: [address],
          touched: [],
        };
        return { hostId: hosts[side], bootId: facts.bootId, lease };
      }),
    );
    const [source, destination] = noted;
    if (!source || !destination) throw new Error('two hosts have two sides');
    noteProbe(folder, id, { version: 1, source, destination });
    for (const { hostId, lease } of noted) await hostOf(hostId).changePathManager(lease);
    const between = setting();

    const owner = () => ({ pid: process.pid, user: 'ada', sinceEpochMs: 0 });
    await new Prober({ state: folder, hostOf, clock: systemClock, owner }).putBackLeftBehind();

    expect([between.every((text, index) => text !== before[index]), setting(), notedProbes(folder)]).toEqual([
      true,
      before,
      [],
    ]);
  },
);
