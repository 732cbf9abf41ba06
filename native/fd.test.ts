import { closeSync, fstatSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Fd } from './fd.ts';

const openNull = (): number => openSync('/dev/null', 'r');
const isOpen = (number: number): boolean => {
  try {
    fstatSync(number);
    return true;
  } catch {
    return false;
  }
};

test('the scope that owns a descriptor closes it', () => {
  const number = openNull();
  {
    using fd = new Fd(number);
    expect(isOpen(fd.number)).toBe(true);
  }
  expect(isOpen(number)).toBe(false);
});

test('a second close does not hit the next file that got the number', () => {
  const fd = new Fd(openNull());
  const number = fd.number;
  fd[Symbol.dispose]();
  const stranger = openNull();
  expect(stranger).toBe(number);
  fd[Symbol.dispose]();
  expect(isOpen(stranger)).toBe(true);
  closeSync(stranger);
});

test('a closed descriptor has no number', () => {
  const fd = new Fd(openNull());
  fd[Symbol.dispose]();
  expect(() => fd.number).toThrow('closed or was handed over');
});

test('a released descriptor is left open for its new owner', () => {
  let number: number;
  {
    using fd = new Fd(openNull());
    number = fd.release();
    expect(fd.isOpen).toBe(false);
  }
  expect(isOpen(number)).toBe(true);
  closeSync(number);
});

test.each([-1, 1.5, Number.NaN])('%d is no descriptor', (number) => {
  expect(() => new Fd(number)).toThrow(RangeError);
});
