import { expect, test } from 'vitest';
import { carriedEnvironment, changesProgram, safeSearchPath } from './environment.ts';

test('a twin gets the language, the display and the folders of its source, and a PATH of the system', () => {
  const source = { LANG: 'C', LC_ALL: 'C', HOME: '/root', DISPLAY: ':0', PATH: '/home/mallory/bin', SHLVL: '1' };
  const { PATH: _path, SHLVL: _level, ...kept } = source;
  expect(carriedEnvironment(source)).toEqual({ environment: { ...kept, PATH: safeSearchPath }, leftOut: [] });
});

test.each(['LD_PRELOAD', 'LD_AUDIT', 'GCONV_PATH', 'QEMU_MODULE_DIR', 'GTK_MODULES', 'GLIBC_TUNABLES', 'PYTHONPATH'])(
  '%s stays behind, and is named',
  (name) => {
    const { environment, leftOut } = carriedEnvironment({ [name]: '/tmp/evil.so' });
    expect([environment, leftOut]).toEqual([{ PATH: safeSearchPath }, [name]]);
  },
);

test.each(['LANG', 'LANGUAGE', 'LC_MESSAGES'])('%s that is a path stays behind, and is named', (name) => {
  const { environment, leftOut } = carriedEnvironment({ [name]: '../../../tmp/evil' });
  expect([environment, leftOut]).toEqual([{ PATH: safeSearchPath }, [name]]);
});

test.each([
  ['LD_PRELOAD', true],
  ['QEMU_MODULE_DIR', true],
  ['GCONV_PATH', true],
  ['EDITOR', false],
  ['MY_LD_PATH', false],
])('%s changes how QEMU runs: %s', (name, expected) => {
  expect(changesProgram(name)).toBe(expected);
});
