import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { optionItem, optionValue, parseOptionList, printOptionList, withOptionValue } from './option-list.ts';

describe('parseOptionList', () => {
  test.each([
    ['web,process=vm', 'guest', { guest: 'web', process: 'vm' }],
    ['guest=a,,b,debug-threads=on', 'guest', { guest: 'a,b', 'debug-threads': 'on' }],
    ['path=/run/a.sock,server,nowait', 'path', { path: '/run/a.sock', server: 'on', wait: 'off' }],
    ['socket,id=m,path=/x=y', 'backend', { backend: 'socket', id: 'm', path: '/x=y' }],
    ['a,,,b', 'guest', { guest: 'a,', b: 'on' }],
    ['type=1,uuid=', undefined, { type: '1', uuid: '' }],
  ])('reads %s', (text, impliedKey, expected) => {
    const items = parseOptionList(text, impliedKey);
    expect(Object.fromEntries(items.map((item) => [item.key, item.value]))).toEqual(expected);
  });

  test('the last of two values wins', () => {
    expect(optionValue(parseOptionList('a=1,b=2,a=3'), 'a')).toBe('3');
  });

  test('printing gives back what was written, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'no', ',', '=', '/') }), (text) => {
        expect(printOptionList(parseOptionList(text, 'first'))).toBe(text);
      }),
    );
  });

  test('a value survives printing and reading, whatever stands in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ',', '=', ' ', 'é') }), (value) => {
        const text = printOptionList([optionItem('a', '1'), optionItem('path', value), optionItem('b', '2')]);
        expect(optionValue(parseOptionList(text), 'path')).toBe(value);
      }),
    );
  });

  test('changing one value leaves the others as they were written', () => {
    const items = parseOptionList('socket,id=m,path=/a,server,nowait', 'backend');
    expect(printOptionList(withOptionValue(items, 'path', '/b,c'))).toBe('socket,id=m,path=/b,,c,server,nowait');
  });
});
