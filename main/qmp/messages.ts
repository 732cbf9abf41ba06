import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** What a QMP server sends (docs/interop/qmp-spec, section 2). */
export type ServerMessage =
  | { readonly kind: 'greeting'; readonly greeting: Greeting }
  | { readonly kind: 'reply'; readonly id: JsonValue | undefined; readonly outcome: Outcome }
  | { readonly kind: 'event'; readonly event: RawEvent }
  /** Valid JSON of no known kind: to be dropped. */
  | { readonly kind: 'unknown' };

export interface Greeting {
  /** `qemu` is QEMU's own version, `package` the distribution's. */
  readonly version: QemuVersion;
  /** What may be switched on by `qmp_capabilities`: `oob` so far. */
  readonly capabilities: readonly string[];
}

export interface QemuVersion {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
  readonly package: string;
}

export type Outcome =
  | { readonly kind: 'returned'; readonly value: JsonValue }
  | { readonly kind: 'refused'; readonly class: string; readonly description: string };

export interface RawEvent {
  readonly name: string;
  readonly data: JsonObject;
  /** QEMU's host clock, with its microseconds as a fraction; absent when QEMU could not read the clock. */
  readonly atEpochMs?: number;
}

export function readServerMessage(value: JsonValue): ServerMessage {
  if (!isJsonObject(value)) return { kind: 'unknown' };
  if (typeof value['event'] === 'string') return { kind: 'event', event: readEvent(value['event'], value) };
  if (value['return'] !== undefined)
    return { kind: 'reply', id: value['id'], outcome: { kind: 'returned', value: value['return'] } };
  if (isJsonObject(value['error'])) return { kind: 'reply', id: value['id'], outcome: readError(value['error']) };
  const greeting = readGreeting(value['QMP']);
  return greeting ? { kind: 'greeting', greeting } : { kind: 'unknown' };
}

function readEvent(name: string, message: JsonObject): RawEvent {
  const data = isJsonObject(message['data']) ? message['data'] : {};
  const timestamp = isJsonObject(message['timestamp']) ? message['timestamp'] : {};
  const { seconds, microseconds } = timestamp;
  // QEMU sends -1 for both when the clock cannot be read.
  if (typeof seconds !== 'number' || typeof microseconds !== 'number' || seconds < 0) return { name, data };
  return { name, data, atEpochMs: seconds * 1000 + microseconds / 1000 };
}

function readError(error: JsonObject): Outcome {
  return { kind: 'refused', class: textOr(error['class'], 'GenericError'), description: textOr(error['desc'], '') };
}

function readGreeting(body: JsonValue | undefined): Greeting | undefined {
  if (!isJsonObject(body) || !isJsonObject(body['version']) || !Array.isArray(body['capabilities'])) return undefined;
  const version = readQemuVersion(body['version']);
  if (!version) return undefined;
  return { version, capabilities: body['capabilities'].filter((item): item is string => typeof item === 'string') };
}

/** VersionInfo of qapi/control.json, as in the greeting and in `query-version`. */
export function readQemuVersion(body: JsonObject): QemuVersion | undefined {
  if (!isJsonObject(body['qemu'])) return undefined;
  const { major, minor, micro } = body['qemu'];
  if (typeof major !== 'number' || typeof minor !== 'number' || typeof micro !== 'number') return undefined;
  return { major, minor, micro, package: textOr(body['package'], '') };
}

function textOr(value: JsonValue | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
