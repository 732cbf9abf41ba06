import { describe, expect, test } from 'vitest';
import * as constants from './constants.ts';
import { fileLockLayout } from './file-locks.ts';
import { compileFixture, hasCompiler, runFixture } from './fixtures/compile.ts';
import { hasKernelBtf, readKernelStructs } from './fixtures/kernel-btf.ts';
import {
  FULL_INFO_MPTCP_INFO_OFFSET,
  fullInfoLayout,
  SUBFLOW_INFO_ADDRESSES_OFFSET,
  subflowInfoLayout,
} from './mptcp-full-info.ts';
import { mptcpInfoLayout } from './mptcp-info.ts';
import { subflowDataLayout } from './mptcp-subflow-arrays.ts';
import { credentialsLayout } from './peer-credentials.ts';
import { controlHeaderLayout, encodeRights, ioVectorLayout, messageHeaderLayout } from './send-file-descriptors.ts';
import { encodeSocketAddress, SOCKADDR_STORAGE_BYTES } from './socket-address.ts';
import { socketOptionTable } from './socket-options.ts';
import { fieldEnd, type StructLayout } from './struct-layout.ts';
import { tcpInfoLayout } from './tcp-info.ts';

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

const kernelStructs: Readonly<Record<string, StructLayout>> = {
  tcp_info: tcpInfoLayout,
  mptcp_info: mptcpInfoLayout,
  mptcp_subflow_data: subflowDataLayout,
  mptcp_subflow_info: subflowInfoLayout,
  mptcp_full_info: fullInfoLayout,
};

// Whole structs that came later than the headers of Debian 12.
const newerStructs: ReadonlySet<string> = new Set(['mptcp_subflow_info', 'mptcp_full_info']);

/** "struct.member" as the C fixture names it: what headers may lack is in fixtures/newer-structs.h. */
function kernelPlaces(): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const [struct, layout] of Object.entries(kernelStructs)) {
    for (const field of Object.values(layout)) {
      const isNewer = field.since !== undefined || newerStructs.has(struct);
      const name = `${isNewer ? 'newer_' : ''}${struct}.${field.member}`;
      places.set(name, { offset: field.offset, bytes: fieldEnd(field) - field.offset });
    }
  }
  places.set('newer_mptcp_full_info.mptcp_info', { offset: FULL_INFO_MPTCP_INFO_OFFSET, bytes: 96 });
  places.set('newer_mptcp_subflow_info.addrs', { offset: SUBFLOW_INFO_ADDRESSES_OFFSET, bytes: 256 });
  places.set('mptcp_subflow_addrs.sa_local', { offset: 0, bytes: 16 });
  places.set('mptcp_subflow_addrs.sa_remote', { offset: SOCKADDR_STORAGE_BYTES, bytes: 16 });
  return places;
}

const callPlaces = new Map<string, Place>([
  ['iovec.iov_base', { offset: ioVectorLayout.base, bytes: 8 }],
  ['iovec.iov_len', { offset: ioVectorLayout.length, bytes: 8 }],
  ['msghdr.msg_iov', { offset: messageHeaderLayout.vectors, bytes: 8 }],
  ['msghdr.msg_iovlen', { offset: messageHeaderLayout.vectorCount, bytes: 8 }],
  ['msghdr.msg_control', { offset: messageHeaderLayout.control, bytes: 8 }],
  ['msghdr.msg_controllen', { offset: messageHeaderLayout.controlBytes, bytes: 8 }],
  ['cmsghdr.cmsg_len', { offset: controlHeaderLayout.length, bytes: 8 }],
  ['cmsghdr.cmsg_level', { offset: controlHeaderLayout.level, bytes: 4 }],
  ['cmsghdr.cmsg_type', { offset: controlHeaderLayout.type, bytes: 4 }],
  ['ucred.pid', { offset: credentialsLayout.pid, bytes: 4 }],
  ['ucred.uid', { offset: credentialsLayout.uid, bytes: 4 }],
  ['ucred.gid', { offset: credentialsLayout.gid, bytes: 4 }],
  ['flock.l_type', { offset: fileLockLayout.type, bytes: 2 }],
  ['flock.l_whence', { offset: fileLockLayout.whence, bytes: 2 }],
  ['flock.l_start', { offset: fileLockLayout.start, bytes: 8 }],
  ['flock.l_len', { offset: fileLockLayout.length, bytes: 8 }],
  ['flock.l_pid', { offset: fileLockLayout.pid, bytes: 4 }],
  ['pollfd.fd', { offset: 0, bytes: 4 }],
  ['pollfd.events', { offset: 4, bytes: 2 }],
  ['sockaddr_nl.nl_family', { offset: 0, bytes: 2 }],
  ['sockaddr_nl.nl_pid', { offset: 4, bytes: 4 }],
]);

const structSizes = new Map<string, Place>([
  ['iovec', { offset: 0, bytes: ioVectorLayout.bytes }],
  ['msghdr', { offset: 0, bytes: messageHeaderLayout.bytes }],
  ['cmsghdr', { offset: 0, bytes: controlHeaderLayout.bytes }],
  ['ucred', { offset: 0, bytes: credentialsLayout.bytes }],
  ['flock', { offset: 0, bytes: fileLockLayout.bytes }],
  ['pollfd', { offset: 0, bytes: 8 }],
  ['sockaddr_nl', { offset: 0, bytes: 12 }],
  ['sockaddr_storage', { offset: 0, bytes: SOCKADDR_STORAGE_BYTES }],
  ['mptcp_subflow_data', { offset: 0, bytes: 16 }],
  ['mptcp_subflow_addrs', { offset: 0, bytes: 256 }],
  ['newer_tcp_info', { offset: 0, bytes: 248 }],
  ['newer_mptcp_info', { offset: 0, bytes: 96 }],
  ['newer_mptcp_subflow_info', { offset: 0, bytes: 264 }],
  ['newer_mptcp_full_info', { offset: 0, bytes: 136 }],
]);

describe.skipIf(!hasCompiler)('the headers of this machine (needs gcc)', () => {
  test('give every struct member the offset and size that the decoders use', () => {
    const members = new Map([...kernelPlaces(), ...callPlaces]);
    const lines = [
      ...[...members.keys()].map((name) => `MEMBER(${name.replace('.', ', ')})`),
      ...[...structSizes.keys()].map((name) => `SIZE(${name})`),
    ];
    using program = compileFixture('layouts.c', { 'members.inc': lines.join('\n') });
    const measured = runFixture(program).map(([name, offset, bytes]): [string, Place] => [
      String(name),
      { offset: Number(offset), bytes: Number(bytes) },
    ]);
    expect(new Map(measured)).toEqual(new Map([...members, ...structSizes]));
  });

  test('give every constant our number', () => {
    const expected = new Map<string, number>(
      Object.entries(constants).map(([name, value]) => [cName(name), value] as const),
    );
    for (const { constant, number } of Object.values(socketOptionTable)) expected.set(constant, number);
    const lines = [...expected.keys()].map((name) => `#ifdef ${name}\nCONSTANT(${name})\n#endif`);
    using program = compileFixture('constants.c', { 'constants.inc': lines.join('\n') });
    const measured = new Map(runFixture(program).map(([name, value]) => [String(name), Number(value)]));
    // Younger than the headers of Debian 12.
    for (const name of ['TCP_IS_MPTCP', 'MPTCP_FULL_INFO']) {
      if (!measured.has(name)) expected.delete(name);
    }
    expect(measured).toEqual(expected);
  });

  test('build addresses and control messages as we do', () => {
    using program = compileFixture('encodings.c');
    expect(Object.fromEntries(runFixture(program))).toEqual({
      ipv4: encodeSocketAddress({ family: 'ipv4', address: '192.0.2.1', port: 4444 }).toString('hex'),
      ipv6: encodeSocketAddress({ family: 'ipv6', address: 'fe80::1:2', port: 4444, scopeId: 3 }).toString('hex'),
      unix: encodeSocketAddress({ family: 'unix', path: '/run/qmp.sock' }).toString('hex'),
      'unix-abstract': encodeSocketAddress({ family: 'unix-abstract', name: 'qmp' }).toString('hex'),
      rights: encodeRights([3, 4, 5]).toString('hex'),
    });
  });
});

describe.skipIf(!hasKernelBtf)('the running kernel (needs /sys/kernel/btf/vmlinux)', () => {
  const structs = hasKernelBtf ? readKernelStructs(Object.keys(kernelStructs)) : new Map();

  test.each(Object.entries(kernelStructs))('has the members of %s where we read them', (name, layout) => {
    const struct = structs.get(name);
    const fields = Object.values(layout).filter((field) => struct !== undefined && fieldEnd(field) <= struct.bytes);
    expect(fields.length).toBeGreaterThan(0);
    expect(fields.map((field) => [field.member, struct?.offsets.get(field.member)])).toEqual(
      fields.map((field) => [field.member, field.offset]),
    );
  });
});

function cName(name: string): string {
  return name.startsWith('SYS_') ? name.toLowerCase().replace('sys_', 'SYS_') : name;
}
