import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePortFilter, type PortFilter } from './port-filter.ts';

/** The kernel's interpreter in a few lines (net/ipv4/inet_diag.c, inet_diag_bc_run): go forward until the end or beyond. */
function accepts(program: Buffer, socket: { localPort: number; remotePort: number }): boolean {
  let at = 0;
  while (at < program.length) {
    const [code, yes, no] = [program.readUInt8(at), program.readUInt8(at + 1), program.readUInt16LE(at + 2)];
    const operand = code === 1 ? 0 : program.readUInt16LE(at + 6);
    const matches = code === 11 ? socket.localPort === operand : code === 12 ? socket.remotePort === operand : false;
    at += matches ? yes : no;
  }
  return at === program.length;
}

const ports = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 4 });
const filters: fc.Arbitrary<PortFilter> = fc.record({ localPorts: ports, remotePorts: ports });

describe('encodePortFilter', () => {
  test('accepts exactly the sockets it names', () => {
    const port = fc.integer({ min: 0, max: 9 });
    fc.assert(
      fc.property(filters, port, port, (filter, localPort, remotePort) => {
        const program = encodePortFilter(filter);
        fc.pre(program !== undefined);
        const named =
          filter.localPorts?.includes(localPort) === true || filter.remotePorts?.includes(remotePort) === true;
        expect(accepts(program, { localPort, remotePort })).toBe(named);
      }),
    );
  });

  test('passes the check of the kernel: steps add up to the length, jumps lead to an operation, the end or just beyond', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        const program = encodePortFilter(filter);
        fc.pre(program !== undefined);
        const starts: number[] = [];
        const targets: number[] = [];
        for (let at = 0; at < program.length; at += program.readUInt8(at + 1)) {
          starts.push(at);
          targets.push(at + program.readUInt16LE(at + 2));
        }
        const allowed = new Set([...starts, program.length, program.length + 4]);
        expect(targets.filter((target) => !allowed.has(target))).toEqual([]);
      }),
    );
  });

  test('is absent without ports, so that every socket is read', () => {
    expect(encodePortFilter({ localPorts: [] })).toBeUndefined();
  });
});
