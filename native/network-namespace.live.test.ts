import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canMakeNamespaces, makeNamespace } from './fixtures/namespace.ts';
import { countOpenDescriptors } from './fixtures/open-descriptors.ts';
import { openNetworkNamespace, withNetworkNamespace } from './network-namespace.ts';
import { connectBlocking, localAddress, openSocket, bind, listen } from './socket.ts';

const ownNamespace = (): string => readlinkSync('/proc/thread-self/ns/net');
const runFixture = (name: string, ...args: readonly string[]): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, 'fixtures', name), ...args], { encoding: 'utf8' }),
  );

describe.skipIf(!canMakeNamespaces)('in another network namespace (needs root)', () => {
  test('the function runs there, and the thread comes back', () => {
    using namespace = makeNamespace();
    const before = ownNamespace();
    const inside = withNetworkNamespace({ name: namespace.name }, ownNamespace);
    expect([inside === before, inside, ownNamespace()]).toEqual([
      false,
      namespace.run('readlink', '/proc/self/ns/net').trim(),
      before,
    ]);
  });

  test.each<[string, (name: string) => Parameters<typeof withNetworkNamespace>[0]]>([
    ['a path', (name) => ({ path: `/run/netns/${name}` })],
    ['an open file', (name) => ({ fd: openNetworkNamespace({ name }) })],
  ])('%s names it too', (_, refer) => {
    using namespace = makeNamespace();
    const target = refer(namespace.name);
    const inside = withNetworkNamespace(target, ownNamespace);
    if ('fd' in target) target.fd[Symbol.dispose]();
    expect(inside).toBe(namespace.run('readlink', '/proc/self/ns/net').trim());
  });

  test('a process names the one it is in', () => {
    expect(withNetworkNamespace({ pid: process.pid }, ownNamespace)).toBe(ownNamespace());
  });

  test('a socket opened there stays there', () => {
    using namespace = makeNamespace();
    using listener = withNetworkNamespace({ name: namespace.name }, () => openSocket('ipv4', 'tcp'));
    bind(listener, { family: 'ipv4', address: '127.0.0.1', port: 0 });
    listen(listener, 1);
    const address = localAddress(listener);
    if (address === undefined) throw new Error('The listener has no address.');
    using outside = openSocket('ipv4', 'tcp');
    using inside = withNetworkNamespace({ name: namespace.name }, () => openSocket('ipv4', 'tcp'));
    expect(() => connectBlocking(outside, address, 1000)).toThrow('ECONNREFUSED');
    expect(() => connectBlocking(inside, address, 1000)).not.toThrow();
  });

  test('namespaces nest', () => {
    using outer = makeNamespace();
    using inner = makeNamespace();
    const before = ownNamespace();
    const seen = withNetworkNamespace({ name: outer.name }, () => {
      const first = ownNamespace();
      const second = withNetworkNamespace({ name: inner.name }, ownNamespace);
      return [first === second, ownNamespace() === first];
    });
    expect([seen, ownNamespace()]).toEqual([[false, true], before]);
  });

  test('a function that throws comes back as well', () => {
    using namespace = makeNamespace();
    const before = ownNamespace();
    const fail = (): never => {
      throw new Error('inside');
    };
    expect(() => withNetworkNamespace({ name: namespace.name }, fail)).toThrow('inside');
    expect(ownNamespace()).toBe(before);
  });

  test('a promise is refused, from the own namespace', () => {
    using namespace = makeNamespace();
    const before = ownNamespace();
    const asynchronous: () => unknown = () => Promise.reject(new Error('this is not waited for'));
    expect(() => withNetworkNamespace({ name: namespace.name }, asynchronous)).toThrow('needs a synchronous function');
    expect(ownNamespace()).toBe(before);
  });

  test('one that does not exist is reported by name, and the function is not called', () => {
    expect(() =>
      withNetworkNamespace({ name: 'sy-none' }, () => {
        throw new Error('called');
      }),
    ).toThrow('Could not open the network namespace sy-none: no such file or directory (open: ENOENT).');
  });

  test('a file that is no namespace is refused', () => {
    expect(() => withNetworkNamespace({ path: '/dev/null' }, ownNamespace)).toThrow('setns: EINVAL');
  });

  test('where the way back is closed, every later call is refused', () => {
    using namespace = makeNamespace();
    const lost =
      'NamespaceLostError: Could not return to the own network namespace: operation not permitted (setns: EPERM). ' +
      'Every later native call is refused; restart Switchyard.';
    expect(runFixture('lose-namespace.ts', namespace.name)).toEqual([lost, lost, lost, { available: true }]);
  });

  test('no thread of the pool is left behind in it', () => {
    using namespace = makeNamespace();
    expect(runFixture('thread-namespaces.ts', namespace.name)).toEqual([ownNamespace()]);
  });

  test('a thousand visits, with and without failure, leave no descriptor open', () => {
    using namespace = makeNamespace();
    const before = countOpenDescriptors();
    for (let round = 0; round < 500; round += 1) {
      withNetworkNamespace({ name: namespace.name }, () => openSocket('ipv4', 'tcp'))[Symbol.dispose]();
      expect(() => withNetworkNamespace({ path: '/dev/null' }, ownNamespace)).toThrow('EINVAL');
    }
    expect(countOpenDescriptors()).toBe(before);
  });
});
