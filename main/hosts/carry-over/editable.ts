import { isJsonObject, parseJson, printJson, type JsonObject, type JsonValue } from '#main/qmp/json.ts';
import { makeOption, withValue, type CommandLineOption } from '#main/hosts/command-line/command-line.ts';
import { optionItem, optionValue, parseOptionList, printOptionList } from '#main/hosts/command-line/option-list.ts';

/** An option that is a list of properties, in either of QEMU's two spellings, so that one property can be changed. */
export interface Editable {
  readonly get: (key: string) => string | undefined;
  readonly keys: readonly string[];
  /** `undefined` removes the property. What is not changed keeps its text. */
  readonly set: (key: string, value: string | undefined) => Editable;
  readonly option: CommandLineOption;
}

/** `impliedKey` is what the first item of a list means without a key: `driver` of `-device`. */
export function editable(option: CommandLineOption, impliedKey: string): Editable {
  const text = option.value ?? '';
  const json = text.startsWith('{') ? readJson(text) : undefined;
  return json ? editableJson(option, json) : editableList(option, impliedKey);
}

/** A new option as a list: `-device virtio-rng-pci,id=rng1`. */
export function listOption(name: string, items: readonly (readonly [string, string])[]): CommandLineOption {
  return makeOption(name, printOptionList(items.map(([key, value]) => optionItem(key, value))));
}

export function jsonOption(name: string, members: JsonObject): CommandLineOption {
  return makeOption(name, printJson(members));
}

function editableList(option: CommandLineOption, impliedKey: string): Editable {
  const items = parseOptionList(option.value ?? '', impliedKey);
  return {
    get: (key) => optionValue(items, key),
    keys: items.map(({ key }) => key),
    set: (key, value) => {
      const others = items.filter((item) => item.key !== key);
      const at = items.findIndex((item) => item.key === key);
      const changed =
        value === undefined
          ? others
          : at < 0
            ? [...others, optionItem(key, value)]
            : items.flatMap((item, index) =>
                index === at ? [optionItem(key, value)] : item.key === key ? [] : [item],
              );
      return editableList(withValue(option, printOptionList(changed)), impliedKey);
    },
    option,
  };
}

function editableJson(option: CommandLineOption, members: JsonObject): Editable {
  return {
    get: (key) => textOf(memberAt(members, key.split('.'))),
    keys: flatKeys(members),
    set: (key, value) => {
      const changed: Record<string, JsonValue> = { ...members };
      if (value === undefined) delete changed[key];
      else changed[key] = alike(members[key], key, value);
      const printed = printJson(changed);
      return editableJson(withValue(option, printed), changed);
    },
    option,
  };
}

/** In JSON a switch is `true` or `false`, and stays of the type it had. */
function alike(former: JsonValue | undefined, key: string, value: string): JsonValue {
  const isSwitch = typeof former === 'boolean' || (former === undefined && key === 'read-only');
  return isSwitch ? value === 'on' : value;
}

function memberAt(from: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return from;
  return isJsonObject(from) ? memberAt(from[first], rest) : undefined;
}

function flatKeys(members: JsonObject): readonly string[] {
  return Object.entries(members).flatMap(([key, value]) =>
    isJsonObject(value) ? flatKeys(value).map((inner) => `${key}.${inner}`) : [key],
  );
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return typeof value === 'string' ? value : printJson(value);
}

function readJson(text: string): JsonObject | undefined {
  let value: JsonValue | undefined;
  try {
    value = parseJson(text);
  } catch {
    // A list that begins with a brace.
  }
  return isJsonObject(value) ? value : undefined;
}
