/** Where Electron's binary keeps its fuses: this text, a version, how many there are, and one character for each. */
const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** In the order of the wire. Source: Electron, docs/tutorial/fuses.md and build/fuses/fuses.json5. */
const names = [
  'runAsNode',
  'cookieEncryption',
  'nodeOptions',
  'nodeCliInspect',
  'embeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
] as const;

/** A program that does nothing but carry fuses, every one the other way round than it should be. */
export function programWithFuses(states: string): Buffer {
  return Buffer.concat([
    Buffer.from(`stands in for Electron ${sentinel}`),
    Buffer.from([1, names.length]),
    Buffer.from(states),
  ]);
}

export function readFuses(program: Buffer): Record<string, boolean> {
  const states = program.indexOf(sentinel) + sentinel.length + 2;
  return Object.fromEntries(
    names.map((name, index) => [name, String.fromCharCode(program[states + index] ?? 0) === '1']),
  );
}
