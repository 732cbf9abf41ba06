/**
 * A secret shorter than this is hidden where it stands, but not looked for elsewhere: it would be found in any text.
 */
const shortestToLookFor = 6;

/** Characters of all secrets that are looked for. A command line that holds more is not an operator's. */
const mostCharacters = 1 << 16;

interface Node {
  readonly next: Map<string, Node>;
  /** Where the longest proper end of this node's text that begins a secret is. */
  fallBack: Node | undefined;
  /** Length of the longest secret that ends here; 0 where none does. */
  longest: number;
}

const newNode = (): Node => ({ next: new Map(), fallBack: undefined, longest: 0 });

/**
 * The secrets that have been met, in the forms that programs quote them in. Looking for all of them costs the length of
 * the text, however many they are (Aho and Corasick, 1975).
 */
export class KnownSecrets {
  readonly #forms = new Set<string>();
  #characters = 0;
  #root: Node | undefined;

  /** Nothing that is a part of the marker is a secret: it is what stands where one has been hidden. */
  add(secret: string, marker: string): void {
    for (const form of formsOf(secret)) {
      const known = this.#forms.has(form) || form.includes(marker) || marker.includes(form);
      if (known || form.length < shortestToLookFor || this.#characters + form.length > mostCharacters) continue;
      this.#forms.add(form);
      this.#characters += form.length;
      this.#root = undefined;
    }
  }

  /** Secrets that overlap are hidden as one; a marker that stands in the text stays as it is. */
  hide(text: string, marker: string): string {
    if (this.#forms.size === 0 || text === '') return text;
    return text
      .split(marker)
      .map((piece) => this.#hideIn(piece, marker))
      .join(marker);
  }

  #hideIn(text: string, marker: string): string {
    const found = this.#find(text);
    let result = '';
    let copied = 0;
    for (const { start, end } of found) {
      result += text.slice(copied, start) + marker;
      copied = end;
    }
    return result + text.slice(copied);
  }

  /** In order, none touching another. */
  #find(text: string): readonly { start: number; end: number }[] {
    const root = (this.#root ??= trieOf(this.#forms));
    const found: { start: number; end: number }[] = [];
    let node = root;
    for (let index = 0; index < text.length; index += 1) {
      node = step(node, root, text.charAt(index));
      if (node.longest === 0) continue;
      const span = { start: index + 1 - node.longest, end: index + 1 };
      for (let last = found.at(-1); last && last.end >= span.start; last = found.at(-1)) {
        span.start = Math.min(span.start, last.start);
        found.pop();
      }
      found.push(span);
    }
    return found;
  }
}

function step(from: Node, root: Node, character: string): Node {
  let node = from;
  for (;;) {
    const next = node.next.get(character);
    if (next) return next;
    if (!node.fallBack) return root;
    node = node.fallBack;
  }
}

function trieOf(texts: Iterable<string>): Node {
  const root = newNode();
  for (const text of texts) {
    let node = root;
    for (let index = 0; index < text.length; index += 1) {
      const character = text.charAt(index);
      const next = node.next.get(character) ?? newNode();
      node.next.set(character, next);
      node = next;
    }
    node.longest = text.length;
  }
  // Breadth first: what a node falls back to is nearer to the root, and so is finished before it.
  const queue = [root];
  for (const node of queue) {
    for (const [character, next] of node.next) {
      next.fallBack = node.fallBack ? step(node.fallBack, root, character) : root;
      next.longest = Math.max(next.longest, next.fallBack.longest);
      queue.push(next);
    }
  }
  return root;
}

/** As it is; with QEMU's doubled commas single; as JSON, URLs and base64 write it. */
function formsOf(secret: string): readonly string[] {
  const single = secret.replaceAll(',,', ',');
  return [
    ...new Set([
      secret,
      single,
      JSON.stringify(single).slice(1, -1),
      single.replaceAll(/[^\w.~-]/g, percentEncoded),
      percentDecoded(single),
      btoa(single.replaceAll(/[^\0-ÿ]/g, '')),
    ]),
  ];
}

function percentEncoded(character: string): string {
  return character.isWellFormed() ? encodeURIComponent(character) : character;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
