import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { load } from './libc.ts';

test.each([
  ['darwin', 'arm64', 'this is darwin'],
  ['win32', 'x64', 'this is win32'],
  ['linux', 'mips', 'the processor mips is not among'],
])('%s on %s says why it cannot work', (platform, architecture, reason) => {
  expect(load(platform, architecture)).toEqual({ reason: expect.stringContaining(reason) });
});

test('a koffi that cannot be loaded is reported with the remedy', () => {
  const broken = (): never => {
    throw new Error('Cannot find the native Koffi module');
  };
  expect(load('linux', 'x64', broken)).toEqual({
    reason: 'the koffi package cannot be loaded (Cannot find the native Koffi module). Run "npm ci" on this machine.',
  });
});

describe('on a system that is not Linux', () => {
  const platform = process.platform;

  beforeEach(() => {
    vi.resetModules();
    Object.defineProperty(process, 'platform', { value: 'darwin' });
  });

  afterEach(() => {
    Object.defineProperty(process, 'platform', { value: platform });
  });

  const modules = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^(?:netlink\/)?[a-z-]+\.ts$/.test(path),
  );

  test.each(modules)('%s can be imported', async (path) => {
    await expect(import(/* @vite-ignore */ `./${path}`)).resolves.toBeTypeOf('object');
  });

  test('a call gives the typed error', async () => {
    const { openSocket } = await import('./socket.ts');
    const { NativeUnavailableError } = await import('./native-error.ts');
    expect(() => openSocket('ipv4', 'mptcp')).toThrow(NativeUnavailableError);
  });

  test('availability is reported without throwing', async () => {
    const { nativeAvailability } = await import('./libc.ts');
    expect(nativeAvailability()).toEqual({ available: false, reason: expect.stringContaining('this is darwin') });
  });
});
