import { expect, test } from 'vitest';
import { done, replay, ScriptedTransport } from '#native/netlink/scripted-transport.ts';
import { NetlinkSession } from '#native/netlink/session.ts';
import { InterfaceNames } from './interface-names.ts';

/** A host on which interface 3 is called e2 and has 10.77.2.1; each reading of it takes two questions. */
function hostNames(readings: number) {
  const links = [...replay('link-events'), [done()]];
  const answers = Array.from({ length: readings }, () => [links, replay('addresses')]).flat();
  const transport = new ScriptedTransport(answers);
  return { names: new InterfaceNames(new NetlinkSession(transport)), questions: () => transport.requests.length };
}

const at = (localAddress: string, boundInterfaceIndex = 0) => ({ localAddress, boundInterfaceIndex });

async function nameOf(
  names: InterfaceNames,
  row: ReturnType<typeof at>,
  atMonoMs: number,
): Promise<string | undefined> {
  await names.refresh([row], atMonoMs);
  return names.of(row);
}

test('finds the interface by the address, and asks the kernel once', async () => {
  const { names, questions } = hostNames(1);
  const seen = [await nameOf(names, at('10.77.2.1'), 0), await nameOf(names, at('10.77.2.1'), 5000)];
  expect([seen, questions()]).toEqual([['e2', 'e2'], 2]);
});

test('a bound socket leaves by its interface, wherever its address is', async () => {
  const { names } = hostNames(1);
  expect(await nameOf(names, at('127.0.0.1', 3), 0)).toBe('e2');
});

test('asks for an unknown address once a second at most', async () => {
  const { names, questions } = hostNames(2);
  const seen: unknown[] = [];
  for (const atMonoMs of [0, 900, 1000]) seen.push(await nameOf(names, at('192.0.2.1'), atMonoMs));
  expect([seen, questions()]).toEqual([[undefined, undefined, undefined], 4]);
});
