import { createHash } from 'node:crypto';
import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SwitchyardError } from '#contract/errors.ts';
import { mptcpEndpointSchema, mptcpLimitsSchema, nameSchema } from '#contract/host.ts';
import { migrationIdSchema, pathManagerChangeSchema, type Side } from '#contract/migration.ts';
import { keptProbesSchema, type KeptProbes } from '#contract/probe.ts';
import type { PathLease } from '#main/engine/ports.ts';
import { fileFailure, hasCode, NotPlain } from './file-failure.ts';
import { makePrivateDirectory } from './paths.ts';
import { readPlainFile } from './plain-file.ts';

/** Thousands of pairs take less. */
const mostBytes = 4 * 1024 * 1024;
/** More notes than this are not ours. */
const mostNotes = 1000;

const leaseSchema = z.object({
  migrationId: migrationIdSchema,
  planned: z.array(pathManagerChangeSchema),
  before: z.object({ endpoints: z.array(mptcpEndpointSchema), limits: mptcpLimitsSchema.optional() }),
  addresses: z.array(z.string()),
  touched: z.array(z.string()),
});

const noteSchema = z.object({
  version: z.literal(1),
  source: z.object({ hostId: nameSchema, bootId: z.string(), lease: leaseSchema }),
  destination: z.object({ hostId: nameSchema, bootId: z.string(), lease: leaseSchema }),
});

/** What a probe that was cut short has left set on its hosts. */
export interface ProbeNote {
  readonly version: 1;
  readonly source: NotedHost;
  readonly destination: NotedHost;
}

export interface NotedHost {
  readonly hostId: string;
  readonly bootId: string;
  readonly lease: PathLease;
}

/** The same for both directions: a probe of the one disturbs the other. Fit for a file's name, whatever the hosts are called. */
export function probeKey(oneHostId: string, otherHostId: string): string {
  return hashOf([oneHostId, otherHostId].toSorted());
}

/** `undefined` where nothing is kept. Throws a `SwitchyardError` where something else stands in the place of the file. */
export function readKeptProbes(state: string, source: string, destination: string): KeptProbes | undefined {
  const path = keptPath(state, source, destination);
  const kept = readOf(path, keptProbesSchema);
  return kept?.source === source && kept.destination === destination ? kept : undefined;
}

/** Replaces what is kept of these two hosts, at once or not at all. Throws a `SwitchyardError`. */
export function keepProbes(state: string, kept: KeptProbes): void {
  replace(keptPath(state, kept.source, kept.destination), kept, directoryOf(state));
}

/** Before endpoints or limits are set. On disk when it returns, as far as the kernel has it: a machine that fails loses them too. */
export function noteProbe(state: string, id: string, note: ProbeNote): void {
  replace(probeNotePath(state, id), note, directoryOf(state));
}

export function forgetProbe(state: string, id: string): void {
  rmSync(probeNotePath(state, id), { force: true });
}

/** The ids of probes that are under way, or were cut short: the lock of their hosts shows which. */
export function notedProbes(state: string): readonly string[] {
  try {
    return readdirSync(directoryOf(state))
      .flatMap((name) => /^(\d{8}T\d{6}Z-[0-9a-f]{4})\.undo\.json$/.exec(name)?.[1] ?? [])
      .slice(0, mostNotes);
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return [];
    throw fileFailure(thrown, 'The notes of earlier probes could not be read', directoryOf(state));
  }
}

/** `undefined` where it is gone by now. Throws a `SwitchyardError` where it cannot be read. */
export function readProbeNote(state: string, id: string): ProbeNote | undefined {
  const note = readOf(probeNotePath(state, id), noteSchema);
  if (!note) return undefined;
  const whole = (side: Side): NotedHost => {
    const { hostId, bootId, lease } = note[side];
    const { endpoints, limits } = lease.before;
    return { hostId, bootId, lease: { ...lease, before: { endpoints, limits } } };
  };
  return { version: 1, source: whole('source'), destination: whole('destination') };
}

function readOf<Schema extends z.ZodType>(path: string, schema: Schema): z.output<Schema> | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(readPlainFile(path, mostBytes).toString('utf8')));
    if (parsed.success) return parsed.data;
    throw new NotPlain(path, 'it is not what was written there');
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return undefined;
    if (thrown instanceof SyntaxError || thrown instanceof NotPlain) throw notOurs(path, thrown);
    throw fileFailure(thrown, `${path} could not be read`, path);
  }
}

function notOurs(path: string, thrown: Error): SwitchyardError {
  const objection = thrown instanceof NotPlain ? thrown.objection : 'it is not JSON';
  return new SwitchyardError({
    kind: 'invalid-request',
    path,
    text: `The probe results in ${path} are not used: ${objection}.`,
    remedy: 'Move it away; the next probe writes it again.',
  });
}

function replace(path: string, value: unknown, directory: string): void {
  makePrivateDirectory(directory);
  const draft = `${path}.${process.pid}`;
  try {
    // What a killed process left under this name, or anything else: it is not written through.
    rmSync(draft, { force: true });
    writeFileSync(draft, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(draft, path);
  } catch (thrown) {
    throw fileFailure(thrown, `${path} could not be written`, path);
  }
}

function directoryOf(state: string): string {
  return join(state, 'probes');
}

function keptPath(state: string, source: string, destination: string): string {
  return join(directoryOf(state), `${hashOf([source, destination])}.json`);
}

/** The leases of a probe on its hosts are held for as long as this file exists. Its id is like that of a migration. */
export function probeNotePath(state: string, id: string): string {
  return join(directoryOf(state), `${id}.undo.json`);
}

function hashOf(names: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 32);
}
