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

test('finds the interface by the address, and asks the kernel once', () => {
  const { names, questions } = hostNames(1);
  expect([names.of(at('10.77.2.1'), 0), names.of(at('10.77.2.1'), 5000), questions()]).toEqual(['e2', 'e2', 2]);
});

test('a bound socket leaves by its interface, wherever its address is', () => {
  const { names } = hostNames(1);
  expect(names.of(at('127.0.0.1', 3), 0)).toBe('e2');
});

test('asks for an unknown address once a second at most', () => {
  const { names, questions } = hostNames(2);
  const seen = [0, 900, 1000].map((atMonoMs) => names.of(at('192.0.2.1'), atMonoMs));
  expect([seen, questions()]).toEqual([[undefined, undefined, undefined], 4]);
});
