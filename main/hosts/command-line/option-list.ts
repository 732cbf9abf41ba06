/**
 * QEMU's `key=value,key=value` syntax (util/qemu-option.c), read so that it can be changed in one place and stay as
 * it was everywhere else: every item keeps the text it was written in.
 *
 * - `,,` inside a value is a comma;
 * - the first item may leave out its key where the option has an implied one (`-name web` is `guest=web`);
 * - an item without `=` is a switch: `server` is `server=on`, `nowait` is `wait=off`.
 */
export interface OptionItem {
  readonly key: string;
  readonly value: string;
  /** As it was written, `,,` included. */
  readonly raw: string;
  /** The first item, written without its implied key. */
  readonly isBare: boolean;
}

export function parseOptionList(text: string, impliedKey?: string): readonly OptionItem[] {
  return splitItems(text).map((raw, index) => {
    const equals = raw.indexOf('=');
    if (equals >= 0) return optionItem(raw.slice(0, equals), unescapeCommas(raw.slice(equals + 1)), raw);
    if (index === 0 && impliedKey !== undefined) return bareItem(impliedKey, unescapeCommas(raw));
    return raw.startsWith('no') ? optionItem(raw.slice(2), 'off', raw) : optionItem(raw, 'on', raw);
  });
}

/** The last value wins, as in QEMU. */
export function optionValue(items: readonly OptionItem[], key: string): string | undefined {
  return items.findLast((item) => item.key === key)?.value;
}

/** QEMU's spelling of a switch; what it would refuse counts as off. */
export function isOn(value: string | undefined): boolean {
  return value === 'on' || value === 'yes' || value === 'true' || value === 'y';
}

/** The same list, with one value exchanged wherever its key stands. */
export function withOptionValue(items: readonly OptionItem[], key: string, value: string): readonly OptionItem[] {
  return items.map((item) => {
    if (item.key !== key) return item;
    return item.isBare && !value.includes('=') ? bareItem(key, value) : optionItem(key, value);
  });
}

export function optionItem(key: string, value: string, raw = `${key}=${escapeCommas(value)}`): OptionItem {
  return { key, value, raw, isBare: false };
}

export function printOptionList(items: readonly OptionItem[]): string {
  return items.map((item) => item.raw).join(',');
}

export function escapeCommas(value: string): string {
  return value.replaceAll(',', ',,');
}

function bareItem(key: string, value: string): OptionItem {
  return { key, value, raw: escapeCommas(value), isBare: true };
}

function unescapeCommas(value: string): string {
  return value.replaceAll(',,', ',');
}

// From left to right, two commas are always one character of the value: `a,,,b` is `a,` and `b`.
function splitItems(text: string): readonly string[] {
  const items: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== ',') continue;
    if (text[at + 1] === ',') {
      at++;
      continue;
    }
    items.push(text.slice(start, at));
    start = at + 1;
  }
  return [...items, text.slice(start)];
}
