import { expect, test } from 'vitest';
import { parseDescriptorInfo } from './descriptor-info.ts';

const info = (flags: string): string => `pos:\t17\nflags:\t${flags}\nmnt_id:\t24\nino:\t1234\nlock:\t1: FLOCK\n`;

test.each([
  ['a file that is written', '0100001', true],
  ['a file that is read and written', '0102002', true],
  ['a file that is appended to', '0102001', true],
  ['a file that is read', '0100000', false],
  ['a file that is only named', '010100000', false],
  ['a file that is only named, whatever else is asked', '010100001', false],
])('%s', (_what, flags, isWritten) => {
  expect(parseDescriptorInfo(info(flags))).toEqual({ isWritten, mountId: '24', inode: '1234' });
});

test.each(['flags', 'mnt_id', 'ino'])('says nothing without %s', (name) => {
  expect(parseDescriptorInfo(info('0100001').replace(`${name}:`, 'x:'))).toBeUndefined();
});
