import { expect, test } from 'vitest';
import { pathOfImage } from './image-name.ts';

test.each([
  ['a path', '/vm/a.qcow2', '/vm/a.qcow2'],
  ['a name in the working directory', 'a.qcow2', 'a.qcow2'],
  ['a name with a colon behind a slash', './a:b', './a:b'],
  ['a name that QEMU has put a protocol before', 'file:a:b', 'a:b'],
  ['a disk', 'host_device:/dev/sda', '/dev/sda'],
  ['options of a node', 'json:{"driver":"raw","offset":512,"file":{"driver":"file","filename":"/vm/a"}}', '/vm/a'],
  ['options of a protocol', 'json:{"driver":"file","filename":"/vm/a"}', '/vm/a'],
  ['another protocol', 'nbd://host/disk', undefined],
  ['another protocol in options', 'json:{"driver":"raw","file":{"driver":"nbd","server":{"host":"a"}}}', undefined],
  ['a reference to another node', 'json:{"driver":"raw","file":"f0"}', undefined],
  ['what is no JSON', 'json:{', undefined],
  ['nothing', '', undefined],
])('finds the path in %s', (_what, filename, path) => {
  expect(pathOfImage(filename)).toBe(path);
});
