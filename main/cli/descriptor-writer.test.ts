import { expect, test } from 'vitest';
import { DescriptorWriter, type WriteSome } from './descriptor-writer.ts';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Answers each call with what is next: how many bytes to take, or an error; then takes everything. */
function scripted(...answers: (number | Error)[]): { readonly taken: () => string; readonly writeSome: WriteSome } {
  let taken = '';
  return {
    taken: () => taken,
    writeSome: async (_fd, bytes) => {
      const answer = answers.shift() ?? bytes.length;
      if (answer instanceof Error) throw answer;
      taken += Buffer.from(bytes.subarray(0, answer)).toString();
      return answer;
    },
  };
}

test('writes in order, whatever the kernel takes at a time', async () => {
  const { taken, writeSome } = scripted(2, 1);
  const writer = new DescriptorWriter(1, writeSome);
  writer.write('first ');
  writer.write('second');
  await writer.flushed();
  expect(taken()).toBe('first second');
});

test('asks a full pipe again', async () => {
  const { taken, writeSome } = scripted(failure('EAGAIN'));
  const writer = new DescriptorWriter(1, writeSome);
  writer.write('later');
  await writer.flushed();
  expect(taken()).toBe('later');
});

test('drops what has no reader any more', async () => {
  const { taken, writeSome } = scripted(3, failure('EPIPE'));
  const writer = new DescriptorWriter(1, writeSome);
  writer.write('one two');
  await writer.flushed();
  writer.write('three');
  await writer.flushed();
  expect(taken()).toBe('one');
});

test('is busy until everything has been taken', async () => {
  const { writeSome } = scripted();
  const writer = new DescriptorWriter(1, writeSome);
  const before = writer.busy;
  writer.write('text');
  const during = writer.busy;
  await writer.flushed();
  expect([before, during, writer.busy]).toEqual([false, true, false]);
});
