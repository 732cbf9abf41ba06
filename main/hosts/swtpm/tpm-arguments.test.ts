import { describe, expect, test } from 'vitest';
import { controlSocketOf, readTpmKind, swtpmArguments } from './tpm-arguments.ts';
import { isTpmState } from './tpm-files.ts';

const argv = 'swtpm socket --ctrl type=unixio,path=/run/a.sock,mode=0600 --tpmstate dir=/srv/tpm --tpm2'.split(' ');

describe('the swtpm of a source', () => {
  test.each([
    [argv, '/run/a.sock'],
    [['swtpm', 'socket', '--ctrl', 'type=tcp,port=1'], undefined],
    [['swtpm', 'socket', '--ctrl'], undefined],
    [['swtpm', 'socket'], undefined],
  ])('%j listens at %s', (words, path) => {
    expect(controlSocketOf(words)).toBe(path);
  });

  test('is repeated in its version, its encryption and its localities', () => {
    const own = [...argv, '--key', 'file=/etc/k,mode=aes-256-cbc', '--locality', 'reject-locality-4', '--daemon'];
    expect(readTpmKind(own)).toEqual({
      version: '2',
      repeated: ['--key', 'file=/etc/k,mode=aes-256-cbc', '--locality', 'reject-locality-4'],
    });
    expect(readTpmKind(['swtpm', 'socket', '--key'])).toEqual({ version: '1.2', repeated: ['--key', ''] });
  });

  test.each(['fd=3', 'pwdfd=3', 'file=k', 'pwdfile=./k'])('whose key is %s cannot be repeated', (key) => {
    expect(readTpmKind([...argv, '--migration-key', key])).toEqual({ unrepeatable: `--migration-key ${key}` });
  });
});

test('the swtpm of a twin keeps its state beside its socket and ends with its QEMU', () => {
  const at = (version: '1.2' | '2') => swtpmArguments('/run/m/swtpm.sock', { version, repeated: ['--locality', 'x'] });
  expect(at('2').join(' ')).toBe(
    'swtpm socket --tpmstate dir=/run/m,mode=0600 --ctrl type=unixio,path=/run/m/swtpm.sock,mode=0600 --terminate --tpm2 --locality x',
  );
  expect(at('1.2')).not.toContain('--tpm2');
});

test('only files of swtpm count as the state of a TPM', () => {
  const names = [
    'tpm2-00.permall',
    'tpm-00.savestate',
    'tpm2-00.volatilestate',
    '.lock',
    'serial.log',
    'tpm2-00.permall.bak',
  ];
  expect(names.filter(isTpmState)).toEqual(names.slice(0, 4));
});
