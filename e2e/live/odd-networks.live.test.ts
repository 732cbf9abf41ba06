import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whyNoLabs } from '#lab/testing/requirements.ts';
import { doneOnDestination } from '#e2e/support/stage/expectations.ts';
import { sevenChecks } from '#e2e/support/stage/seven-checks.ts';
import { Stage } from '#e2e/support/stage/stage.ts';
import type { Story } from '#e2e/support/stage/story.ts';

const reason = await whyNoLabs();

/** Source addresses of the subflows that there were. */
function carriers({ entries }: Story): readonly string[] {
  const addresses = entries.flatMap(({ event }) => (event.kind === 'subflow-established' ? event.localAddress : []));
  return [...new Set(addresses)];
}

describe.skipIf(reason !== '')(`a guest moves between hosts that have${reason}`, () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.make();
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** On both hosts, with the number of the host in place of `@`. */
  function ip(...commands: readonly string[]): void {
    for (const [index, host] of [stage.names.source, stage.names.destination].entries()) {
      const input = commands.map((command) => `${command.replaceAll('@', String(index + 1))}\n`).join('');
      execFileSync('ip', ['-n', host, '-batch', '-'], { input });
    }
  }

  test('a thousand addresses that lead nowhere, and bridges with the same address', async () => {
    ip(
      'link add services type ifb',
      'link set services up',
      ...Array.from({ length: 1000 }, (_, index) => `address add 10.96.${index >> 8}.${index & 255}/32 dev services`),
      'link add docker0 type bridge',
      'link add veth0 type veth peer name veth1',
      'link set veth0 master docker0',
      'link set veth0 up',
      'link set veth1 up',
      'link set docker0 up',
      'address add 172.17.0.1/16 dev docker0',
    );
    const story = await stage.begin();
    await story.end();
    const seen = [await sevenChecks(story), carriers(story).length];
    ip('link delete docker0', 'link delete veth0', 'link delete services');
    expect(seen).toEqual([doneOnDestination(), 2]);
  });

  test('IPv4 on one link and IPv6 on the other, over both', async () => {
    // What is to go is not planned, and the lab still finds it.
    ip('address change 10.77.2.@/24 dev eth2 preferred_lft 0', 'address add fd77:2::@/64 dev eth2 nodad');
    const story = await stage.begin();
    await story.end();
    ip('address change 10.77.2.@/24 dev eth2 preferred_lft forever', 'address delete fd77:2::@/64 dev eth2');
    expect([await sevenChecks(story), carriers(story).toSorted()]).toEqual([
      doneOnDestination(),
      // The lab announces the other address of eth2 as well.
      expect.arrayContaining([expect.stringMatching(/^10\.77\.1\./), expect.stringMatching(/^fd77:2::/)]),
    ]);
  });

  test('routes in tables of their own, with a socket that is bound, and not without', async () => {
    const links = [1, 2];
    ip(
      ...links.flatMap((n) => [
        `address flush dev eth${n}`,
        `address add 10.77.${n}.@/24 dev eth${n} noprefixroute`,
        `route add 10.77.${n}.0/24 dev eth${n} table 10${n}`,
        `rule add from 10.77.${n}.@ table 10${n}`,
      ]),
    );
    const unbound = await stage.application.foretell(stage.request());
    const story = await stage.begin({ settings: { socket: 'app' } });
    await story.end();
    ip(
      ...links.flatMap((n) => [
        `rule delete from 10.77.${n}.@ table 10${n}`,
        `address flush dev eth${n}`,
        `address add 10.77.${n}.@/24 dev eth${n}`,
      ]),
    );
    expect([
      unbound.checks.filter(({ passed, severity }) => !passed && severity === 'error').map(({ id }) => id),
      await sevenChecks(story),
      carriers(story).length,
    ]).toEqual([['first-path'], doneOnDestination(), 2]);
  });
});
