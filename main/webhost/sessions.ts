import { createHash, randomBytes } from 'node:crypto';

/** 256 bits: it cannot be guessed. */
const secretBytes = 32;
/** Links that have been printed and not used; an older one than these is worth nothing any more. */
const mostLinks = 4;

/**
 * Who may connect: a browser that has opened a link that was printed here, once. The link's token becomes a session, which lives
 * as long as this process and no longer than the browser keeps it. Only digests are kept, so that comparing takes the same
 * time for every guess.
 */
export class Sessions {
  #links: string[] = [];
  readonly #sessions = new Set<string>();

  /** A token for a link; good for one use. */
  issue(): string {
    const token = newSecret();
    this.#links = [...this.#links, digestOf(token)].slice(-mostLinks);
    return token;
  }

  /** The session that this token stands for, or nothing when it is spent or has never been one. */
  exchange(token: string): string | undefined {
    const digest = digestOf(token);
    if (!this.#links.includes(digest)) return undefined;
    this.#links = this.#links.filter((link) => link !== digest);
    const session = newSecret();
    this.#sessions.add(digestOf(session));
    return session;
  }

  has(session: string | undefined): boolean {
    return session !== undefined && this.#sessions.has(digestOf(session));
  }
}

function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url');
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
