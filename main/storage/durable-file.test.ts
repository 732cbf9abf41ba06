import { expect, test } from 'vitest';
import { DurableFile, type FileDoor } from './durable-file.ts';

/** A disk in memory: takes at most `chunk` bytes a write, holds at most `capacity`, and can fail to synchronise. */
function disk(options: { chunk?: number; capacity?: number; syncFails?: boolean; truncateFails?: boolean } = {}): {
  door: FileDoor;
  content: () => string;
  options: typeof options;
} {
  let content = Buffer.alloc(0);
  const door: FileDoor = {
    write: (bytes, offset, length, position) => {
      const room = Math.min(length, options.chunk ?? length, (options.capacity ?? Infinity) - position);
      if (room <= 0) return Promise.reject(new Error('ENOSPC'));
      content = Buffer.concat([content.subarray(0, position), bytes.subarray(offset, offset + room)]);
      return Promise.resolve({ bytesWritten: room });
    },
    datasync: () => (options.syncFails ? Promise.reject(new Error('EIO')) : Promise.resolve()),
    truncate: (length) => {
      if (options.truncateFails) return Promise.reject(new Error('EIO'));
      content = content.subarray(0, length);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  return { door, content: () => content.toString(), options };
}

const text = (value: string): Uint8Array => Buffer.from(value);

test('a disk that takes three bytes at a time gets all of them', async () => {
  const { door, content } = disk({ chunk: 3 });
  const file = new DurableFile(door, 0);
  await file.append(text('first line\n'));
  await file.append(text('second line\n'));
  expect(content()).toBe('first line\nsecond line\n');
});

test('what a full disk took of an append is cut off again, and there may be room later', async () => {
  const { door, content, options } = disk({ chunk: 4, capacity: 16 });
  const file = new DurableFile(door, 0);
  await file.append(text('first line\n'));
  await expect(file.append(text('second line\n'))).rejects.toThrow('ENOSPC');
  expect(content()).toBe('first line\n');
  options.capacity = 100;
  await file.append(text('third line\n'));
  expect(content()).toBe('first line\nthird line\n');
});

test('after a failed synchronisation nothing is taken any more, though the disk would', async () => {
  const { door, content, options } = disk({ syncFails: true });
  const file = new DurableFile(door, 0);
  await expect(file.append(text('first line\n'))).rejects.toThrow('EIO');
  options.syncFails = false;
  await expect(file.append(text('second line\n'))).rejects.toThrow('EIO');
  expect(content()).toBe('');
});

test('where a partial append cannot be cut off, nothing is written behind it', async () => {
  const { door, content, options } = disk({ chunk: 4, capacity: 16, truncateFails: true });
  const file = new DurableFile(door, 0);
  await file.append(text('first line\n'));
  await expect(file.append(text('second line\n'))).rejects.toThrow('ENOSPC');
  options.capacity = 100;
  await expect(file.append(text('third line\n'))).rejects.toThrow('ENOSPC');
  expect(content()).toBe('first line\nsecon');
});
