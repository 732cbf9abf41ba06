import { expect, test } from 'vitest';
import type { RecordingName } from './fixtures/recorded.ts';
import { lookUpRoute, type Route } from './route-lookup.ts';
import { replay, ScriptedTransport } from './scripted-transport.ts';
import { NetlinkSession } from './session.ts';

async function lookUp(name: RecordingName, to: string, from?: string): Promise<Route | undefined> {
  using session = new NetlinkSession(new ScriptedTransport([replay(name)]));
  return await lookUpRoute(session, to, from);
}

test('a destination on the link is reached without a gateway', async () => {
  expect(await lookUp('route', '10.77.2.2', '10.77.2.1')).toEqual({
    interfaceIndex: 3,
    gateway: undefined,
    preferredSource: undefined,
    mtuBytes: undefined,
    local: false,
    table: 254,
  });
});

test('a destination without a route is no error', async () => {
  expect(await lookUp('no-route', '192.0.2.1')).toBeUndefined();
});

test('addresses of two families have no route between them', async () => {
  expect(await lookUp('route', '10.77.2.2', '2001:db8::1')).toBeUndefined();
});
