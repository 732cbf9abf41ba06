import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommandLine, printCommandLine } from './command-line.ts';

function optionsOf(...args: readonly string[]): readonly (readonly [string, string | undefined])[] {
  return parseCommandLine(['qemu-system-x86_64', ...args]).options.map(({ name, value }) => [name, value] as const);
}

describe('parseCommandLine', () => {
  test('distinguishes switches from options with a value', () => {
    expect(optionsOf('-S', '-name', 'web', '-daemonize', '--m', '512', '-nographic')).toEqual([
      ['S', undefined],
      ['name', 'web'],
      ['daemonize', undefined],
      ['m', '512'],
      ['nographic', undefined],
    ]);
  });

  test('an argument without a dash is the image of the first disk', () => {
    expect(optionsOf('-m', '512', 'disk.img', '-S')).toEqual([
      ['m', '512'],
      ['', 'disk.img'],
      ['S', undefined],
    ]);
  });

  test('free text may begin with a dash', () => {
    expect(optionsOf('-append', '-v quiet', '-S')).toEqual([
      ['append', '-v quiet'],
      ['S', undefined],
    ]);
  });

  test('an unknown switch does not swallow its neighbour', () => {
    expect(optionsOf('-future-switch', '-name', 'web')).toEqual([
      ['future-switch', undefined],
      ['name', 'web'],
    ]);
  });

  test('of 300,000 arguments are read without taking one after the other from the front', () => {
    let reads = 0;
    const argv = new Proxy(
      Array.from({ length: 300_000 }, () => 'x'),
      {
        get: (target, key, receiver) => {
          reads += 1;
          return Reflect.get(target, key, receiver);
        },
      },
    );
    expect([parseCommandLine(argv).options.length, reads < 2_000_000]).toEqual([299_999, true]);
  });

  test('no argument is lost or changed, whatever they are', () => {
    const argument = fc.oneof(fc.constantFrom('-S', '-name', '--qmp', '-', '--', '', 'disk.img', '-x'), fc.string());
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1 }), (argv) => {
        expect(printCommandLine(parseCommandLine(argv))).toEqual(argv);
      }),
    );
  });
});
