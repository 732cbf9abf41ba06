/** One section of a file of `-readconfig`: `[drive "hd"]` with its lines `key = "value"`. */
export interface ConfigSection {
  /** `drive`, `smp-opts`, ...: QEMU's name for a list of options. */
  readonly group: string;
  readonly id: string | undefined;
  /** Of its heading, from 1. */
  readonly line: number;
  /** In the order of the file; of a key that stands there twice the last counts. */
  readonly values: ReadonlyMap<string, string>;
}

/** What a file of options says, or the line that cannot be read. */
export type ConfigFile = { readonly sections: readonly ConfigSection[] } | { readonly unreadableLine: number };

/** QEMU reads with a buffer of 1024 bytes and would take the rest of a longer line for another one. */
const longestLineBytes = 1022;

const heading = /^\[\s*([^\s\]"]{1,63})\s+"([^"]{1,63})"\s*\]|^\[([^\s\]"]{1,63})\]/;
const assignment = /^\s*([\w.-]{1,63})\s+=\s*"([^"]{0,1023})"/;

/**
 * Reads QEMU's format (util/qemu-config.c, qemu_config_foreach), and nothing that QEMU would read otherwise: what stands
 * after a value on its line is ignored, a value has no escapes, and a line of blanks is an error, as it is for QEMU.
 */
export function parseConfigFile(text: string): ConfigFile {
  const sections: { group: string; id: string | undefined; line: number; values: Map<string, string> }[] = [];
  const lines = text.replace(/\n$/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const unreadable = { unreadableLine: index + 1 };
    if (Buffer.byteLength(line) > longestLineBytes) return unreadable;
    const [, groupWithId, id, group = groupWithId] = heading.exec(line) ?? [];
    if (group !== undefined) {
      sections.push({ group, id, line: index + 1, values: new Map(id === undefined ? [] : [['id', id]]) });
      continue;
    }
    const [, key, value] = assignment.exec(line) ?? [];
    const section = sections.at(-1);
    if (key === undefined || value === undefined || !section) return unreadable;
    section.values.set(key, value);
  }
  return { sections };
}
