import { describe, expect, test } from 'vitest';
import { makeOption } from '#main/hosts/command-line/command-line.ts';
import { editable, jsonOption, listOption } from './editable.ts';

const list = editable(makeOption('device', 'virtio-blk-pci,drive=d0,id=disk0'), 'driver');
const json = editable(
  makeOption(
    'blockdev',
    '{"driver":"qcow2","node-name":"d0","read-only":true,"file":{"driver":"file","filename":"/a"}}',
  ),
  'driver',
);

describe('an option', () => {
  test('is read in both spellings', () => {
    expect([list.get('driver'), list.get('drive'), list.get('bus')]).toEqual(['virtio-blk-pci', 'd0', undefined]);
    expect([json.get('driver'), json.get('file.filename'), json.get('read-only'), json.get('backing')]).toEqual([
      'qcow2',
      '/a',
      'on',
      undefined,
    ]);
    expect([list.keys, json.keys]).toEqual([
      ['driver', 'drive', 'id'],
      ['driver', 'node-name', 'read-only', 'file.driver', 'file.filename'],
    ]);
  });

  test('has what it has', () => {
    const odd = editable(makeOption('blockdev', '{"a":null,"b":false,"c":[1]}'), 'driver');
    expect([odd.get('a'), odd.get('b'), odd.get('c'), odd.get('b.x')]).toEqual([undefined, 'off', '[1]', undefined]);
    expect(editable(makeOption('S'), 'driver').get('id')).toBeUndefined();
  });

  test('has a property once after it was set', () => {
    expect(editable(makeOption('device', 'e1000,id=a,mac=1,id=b'), 'driver').set('id', 'c').option.value).toBe(
      'e1000,id=c,mac=1',
    );
  });

  test('keeps its text but for what is changed', () => {
    expect(list.set('drive', 'd1').option.raw).toEqual(['-device', 'virtio-blk-pci,drive=d1,id=disk0']);
    expect(list.set('drive', undefined).option.value).toBe('virtio-blk-pci,id=disk0');
    expect(list.set('bus', 'a,b').option.value).toBe('virtio-blk-pci,drive=d0,id=disk0,bus=a,,b');
    expect(json.set('backing', 'b').set('read-only', 'off').set('file', undefined).option.value).toBe(
      '{"driver":"qcow2","node-name":"d0","read-only":false,"backing":"b"}',
    );
  });

  test('that only looks like JSON is a list', () => {
    expect(editable(makeOption('device', '{"a'), 'driver').get('driver')).toBe('{"a');
  });

  test('is made in either spelling', () => {
    expect(
      listOption('device', [
        ['driver', 'a'],
        ['id', 'x,y'],
      ]).raw,
    ).toEqual(['-device', 'driver=a,id=x,,y']);
    expect(jsonOption('blockdev', { driver: 'raw', 'read-only': true }).raw).toEqual([
      '-blockdev',
      '{"driver":"raw","read-only":true}',
    ]);
  });
});
