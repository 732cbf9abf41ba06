import { describe, expect, test } from 'vitest';
import {
  readCharacterDevice,
  readShortCharacterDevice,
  relocateCharacterDevice,
  relocateShortCharacterDevice,
} from './character-device.ts';
import { parseOptionList, printOptionList } from './option-list.ts';

const elsewhere = (path: string): string => `/elsewhere${path}`;

describe('a character device', () => {
  test.each([
    ['file,id=a,path=/log', { kind: 'file', path: '/log' }],
    ['file,id=a', { kind: 'other' }],
    ['socket,id=a,path=/s,server=on', { kind: 'unix-server', path: '/s' }],
    ['socket,id=a,path=/s', { kind: 'other' }],
    ['socket,id=a,server=on', { kind: 'other' }],
    ['socket,id=a,path=s,abstract=on,server=on', { kind: 'other' }],
    ['socket,id=a,fd=7', { kind: 'passed-socket', descriptor: 7 }],
    ['socket,id=a,fd=migration', { kind: 'other' }],
    ['pty,id=a', { kind: 'other' }],
  ])('%s', (text, device) => {
    expect(readCharacterDevice(parseOptionList(text, 'backend'))).toEqual(device);
  });

  test.each([
    ['socket,id=a,path=/s,server=on', 'socket,id=a,path=/elsewhere/s,server=on,wait=off'],
    ['socket,id=a,path=/s,server=on,wait=off', 'socket,id=a,path=/elsewhere/s,server=on,wait=off'],
    ['socket,id=a,fd=7,logfile=/l', 'socket,id=a,fd=7,logfile=/elsewhere/l'],
    ['pty,id=a', 'pty,id=a'],
  ])('%s, elsewhere', (text, relocated) => {
    const items = relocateCharacterDevice(parseOptionList(text, 'backend'), elsewhere);
    expect(printOptionList(items)).toBe(relocated);
  });
});

describe('its short form', () => {
  test.each([
    ['unix:/s,server', { kind: 'unix-server', path: '/s' }],
    ['unix:fd=7', { kind: 'passed-socket', descriptor: 7 }],
    ['stdio', { kind: 'other' }],
  ])('%s', (text, device) => {
    expect(readShortCharacterDevice(text)).toEqual(device);
  });

  test.each(['unix:fd=7', 'mon:unix:fd=7', 'stdio', 'tcp:0:1,server'])('%s stays where it is', (text) => {
    expect(relocateShortCharacterDevice(text, elsewhere)).toBe(text);
  });
});
