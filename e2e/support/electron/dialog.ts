import { recorded } from './records.ts';

/** A box that waits for its operator: the test. */
export interface OpenDialog {
  readonly kind: 'message' | 'save';
  readonly options: object;
}

interface Waiting extends OpenDialog {
  readonly answer: (value: unknown) => void;
}

const waiting: Waiting[] = [];
let announce: (() => void) | undefined;

function ask(kind: OpenDialog['kind'], args: readonly unknown[]): Promise<unknown> {
  const options = args.at(-1);
  return new Promise((answer) => {
    waiting.push({ kind, options: typeof options === 'object' && options !== null ? options : {}, answer });
    announce?.();
  });
}

export const dialog = {
  showMessageBox: (...args: unknown[]) => ask('message', args),
  showSaveDialog: (...args: unknown[]) => ask('save', args),
  showErrorBox: (title: string, content: string) => void recorded.errorBoxes.push({ title, content }),
};

/** The box that has waited longest; comes when there is one. */
export async function nextDialog(): Promise<OpenDialog> {
  const [first] = waiting;
  if (first) return { kind: first.kind, options: first.options };
  await new Promise<void>((resolve) => void (announce = resolve));
  return nextDialog();
}

export function answerDialog(value: unknown): void {
  waiting.shift()?.answer(value);
}

export function dialogCount(): number {
  return waiting.length;
}
