import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { toJson } from '#contract/json.ts';
import { sampleSchema, type Sample } from '#contract/telemetry.ts';
import { NotPlain } from './file-failure.ts';
import { warily } from './plain-file.ts';

const flushIntervalMs = 250;

/** Some seconds of 16 subflows at 50 Hz. A disk that hangs for longer than that costs samples, not memory. */
const bufferLimitBytes = 4 * 2 ** 20;

/** How samples reach the disk; a test stands in for a disk that hangs or fills up. */
export type AppendText = (text: string) => Promise<void>;

/**
 * The samples of one migration, one JSON document a line, not synchronised. Nothing here ever throws or makes the caller
 * wait: a sample that cannot be kept is counted.
 */
export class SampleFile {
  readonly #append: AppendText;
  readonly #end: () => Promise<void>;
  #pending: string[] = [];
  #unwrittenBytes = 0;
  #lost = 0;
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(append: AppendText, end: () => Promise<void> = () => Promise.resolve()) {
    this.#append = append;
    this.#end = end;
  }

  get lostCount(): number {
    return this.#lost;
  }

  add(sample: Sample): void {
    const line = `${toJson(sample)}\n`;
    if (this.#unwrittenBytes + line.length > bufferLimitBytes) {
      this.#lost += 1;
      return;
    }
    this.#pending.push(line);
    this.#unwrittenBytes += line.length;
    this.#timer ??= setTimeout(() => this.#flush(), flushIntervalMs).unref();
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
    await this.#end();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#pending;
    this.#pending = [];
    this.#writing = this.#writing.then(() => this.#write(lines));
  }

  async #write(lines: readonly string[]): Promise<void> {
    const text = lines.join('');
    try {
      await this.#append(text);
    } catch {
      this.#lost += lines.length;
    }
    this.#unwrittenBytes -= text.length;
  }
}

/** The file is made with the first sample: a migration that never connects has none. */
export function openSampleFile(path: string): SampleFile {
  let handle: FileHandle | undefined;
  let cutShort = false;
  const append = async (text: string): Promise<void> => {
    if (text === '') return;
    if (handle === undefined) {
      const opened = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | warily, 0o600);
      const stats = await opened.stat();
      if (!stats.isFile()) {
        await opened.close();
        throw new NotPlain(path, 'it is not a file');
      }
      handle = opened;
      cutShort = stats.size > 0;
    }
    // What a crash or a full disk left of a line must not swallow the next one.
    const separated = cutShort ? `\n${text}` : text;
    cutShort = true;
    await handle.appendFile(separated);
    cutShort = false;
  };
  return new SampleFile(append, async () => handle?.close().catch(() => undefined));
}

/** One line of such a file; `undefined` where it is cut by a crash, or of a shape that this version does not know. */
export function decodeSample(line: string): Sample | undefined {
  // What is thrown for each line of a file of garbage takes seconds.
  if (!line.startsWith('{')) return undefined;
  try {
    return sampleSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
