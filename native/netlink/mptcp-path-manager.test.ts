import { describe, expect, test } from 'vitest';
import { MptcpPathManager } from './mptcp-path-manager.ts';
import { acknowledgement, replay, type ScriptedAnswer, ScriptedTransport } from './scripted-transport.ts';
import { NetlinkSession } from './session.ts';

async function managerThatAnswers(
  ...answers: ScriptedAnswer[]
): Promise<{ manager: MptcpPathManager; transport: ScriptedTransport }> {
  const transport = new ScriptedTransport([replay('family'), ...answers]);
  return { transport, manager: await MptcpPathManager.over(new NetlinkSession(transport)) };
}

/** The last request: its family number, and its body in hexadecimal. */
function lastRequest(transport: ScriptedTransport): [number | undefined, string | undefined] {
  const request = transport.requests.at(-1);
  return [request?.type, request?.payload.toString('hex')];
}

describe('MptcpPathManager', () => {
  test('finds its family and the group of its events by name', async () => {
    const { family } = (await managerThatAnswers()).manager;
    expect(family).toEqual({
      id: 28,
      version: 1,
      groups: new Map([
        ['mptcp_pm_cmds', 8],
        ['mptcp_pm_events', 9],
      ]),
    });
  });

  test('says so on a kernel without MPTCP, and closes its session', async () => {
    const transport = new ScriptedTransport([[[acknowledgement(2)]]]);
    await expect(MptcpPathManager.over(new NetlinkSession(transport))).rejects.toThrow(
      'This kernel does not have the netlink family mptcp_pm.',
    );
    expect(transport.disposed).toBe(true);
  });

  test('lists endpoints', async () => {
    const { manager } = await managerThatAnswers(replay('endpoints'));
    expect(await manager.endpoints()).toEqual([
      { id: 1, address: '10.77.2.2', port: undefined, interfaceIndex: 3, flags: ['signal'], unnamedFlagBits: 0 },
      { id: 2, address: '10.77.1.2', port: 4446, interfaceIndex: undefined, flags: ['signal'], unnamedFlagBits: 0 },
    ]);
  });

  test('reads limits', async () => {
    const { manager } = await managerThatAnswers(replay('limits'));
    expect(await manager.limits()).toEqual({ subflows: 8, addAddrAccepted: 8 });
  });

  test('reports why limits are refused', async () => {
    const { manager } = await managerThatAnswers(replay('refused'));
    await expect(manager.setLimits({ subflows: 9, addAddrAccepted: 0 })).rejects.toThrow(
      'limit greater than maximum (8)',
    );
  });

  test('adds an endpoint: family, address, flags and interface in one nest', async () => {
    const { manager, transport } = await managerThatAnswers([[acknowledgement(0)]]);
    await manager.addEndpoint({ address: '10.77.2.2', interfaceIndex: 3, flags: ['signal'] });
    const members = ['0600010002000000', '080003000a4d0202', '0800060001000000', '0800070003000000'];
    expect(lastRequest(transport)).toEqual([28, `0101000024000180${members.join('')}`]);
  });

  test('removes an endpoint by its id', async () => {
    const { manager, transport } = await managerThatAnswers([[acknowledgement(0)]]);
    await manager.removeEndpoint(7);
    expect(lastRequest(transport)).toEqual([28, '020100000c0001800500020007000000']);
  });

  test('removes the address that connections began at, which has id 0', async () => {
    const { manager, transport } = await managerThatAnswers([[acknowledgement(0)]]);
    await manager.removeInitialAddress('10.77.1.2');
    const members = ['0600010002000000', '080003000a4d0102', '0500020000000000'];
    expect(lastRequest(transport)).toEqual([28, `020100001c000180${members.join('')}`]);
  });

  test('pauses a path by the backup flag', async () => {
    const { manager, transport } = await managerThatAnswers([[acknowledgement(0)]]);
    await manager.setEndpointFlags({ id: 7 }, ['backup']);
    expect(lastRequest(transport)).toEqual([28, '070100001400018005000200070000000800060004000000']);
  });

  test('sets limits', async () => {
    const { manager, transport } = await managerThatAnswers([[acknowledgement(0)]]);
    await manager.setLimits({ subflows: 3, addAddrAccepted: 2 });
    expect(lastRequest(transport)).toEqual([28, '0501000008000200020000000800030003000000']);
  });
});
