/**
 * The life of one manager process. When it ends, nothing of it continues: its promises never settle, its lines are cut by the
 * kernel, and what it had asked for may still happen.
 */
export class ManagerLife {
  /** Resolves when it ends. */
  readonly death: Promise<void>;
  readonly #died: () => void;
  #alive = true;
  readonly #lines = new Set<() => void>();

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.death = promise;
    this.#died = resolve;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** A promise that only a living manager sees settle. */
  bound<Value>(work: () => Promise<Value>): Promise<Value> {
    if (!this.#alive) return never();
    return new Promise((resolve, reject) => {
      work().then(
        (value) => {
          if (this.#alive) resolve(value);
        },
        (thrown: unknown) => {
          if (this.#alive) reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
        },
      );
    });
  }

  /** Something that the kernel closes when the process ends. */
  holds(cut: () => void): void {
    if (this.#alive) this.#lines.add(cut);
    else cut();
  }

  kill(): void {
    this.#alive = false;
    for (const cut of this.#lines) cut();
    this.#died();
  }
}

function never<Value>(): Promise<Value> {
  return new Promise(() => undefined);
}
