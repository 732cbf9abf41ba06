/**
 * Something that a host is opening. Closing it does not wait for it: what arrives after it was disposed of is
 * closed at once.
 */
export class Opening<Thing extends Disposable> implements Disposable {
  /** Settles as the host answers, also when it has been disposed of. */
  readonly opened: Promise<Thing>;
  #thing: Thing | undefined;
  #disposed = false;

  constructor(opened: Promise<Thing>) {
    this.opened = opened.then((thing) => {
      if (this.#disposed) thing[Symbol.dispose]();
      else this.#thing = thing;
      return thing;
    });
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#thing?.[Symbol.dispose]();
    this.#thing = undefined;
  }
}
