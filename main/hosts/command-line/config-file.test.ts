import { describe, expect, test } from 'vitest';
import { parseConfigFile } from './config-file.ts';

/** Sections as `group id line key=value ...`. */
function read(text: string): readonly string[] | number {
  const file = parseConfigFile(text);
  if ('unreadableLine' in file) return file.unreadableLine;
  return file.sections.map(({ group, id = '-', line, values }) =>
    [group, id, line, ...Array.from(values, ([key, value]) => `${key}=${value}`)].join(' '),
  );
}

test('a file of options is read as QEMU reads it', () => {
  const text = `# qemu config file

[drive "hd"]
  file = "/srv/a, b.qcow2"
  if = "virtio"  # ignored
[machine]
type = "q35"
type = "pc"
[spice]
[ chardev  "m" ]
path = ""
`;
  expect(read(text)).toEqual([
    'drive hd 3 id=hd file=/srv/a, b.qcow2 if=virtio',
    'machine - 6 type=pc',
    'spice - 9',
    'chardev m 10 id=m path=',
  ]);
});

test('an empty file has no options', () => {
  expect([read(''), read('\n')]).toEqual([[], []]);
});

describe('a line that QEMU does not read, or reads otherwise, is named', () => {
  test.each([
    ['a value without a section', 'type = "pc"\n', 1],
    ['a value without quotes', '[machine]\ntype = pc\n', 2],
    ['a value that does not end', '[machine]\ntype = "pc\n', 2],
    ['no blank before the equals sign', '[machine]\ntype= "pc"\n', 2],
    ['a line of blanks', '[machine]\n  \n', 2],
    ['a line that ends as in DOS', '[machine]\r\n\r\n', 2],
    ['a heading that does not end', '[machine\n', 1],
    ['a heading with an empty id', '[drive ""]\n', 1],
    ['a longer line than QEMU takes at once', `[machine]\ntype = "${'x'.repeat(1020)}"\n`, 2],
    ['a key that would be two options', '[machine]\na,b = "1"\n', 2],
  ])('%s', (_what, text, line) => {
    expect(read(text)).toBe(line);
  });
});
