import type { QmpClient } from '#main/qmp/client.ts';
import type { JsonObject } from '#main/qmp/json.ts';
import type { Milliseconds } from '#contract/units.ts';

/** A thread that executes a part of the guest, as QEMU names it. */
export interface GuestThread {
  /** `vCPU 0`, `iothread "io1"`. */
  readonly role: string;
  readonly id: number;
}

/** Its vCPUs and iothreads. Under TCG without multi-threading several vCPUs share one thread. */
export async function askForThreads(client: QmpClient, timeoutMs: Milliseconds): Promise<readonly GuestThread[]> {
  const options = { timeoutMs };
  const [cpus, iothreads] = await Promise.all([
    client.execute('query-cpus-fast', {}, options),
    client.execute('query-iothreads', {}, options),
  ]);
  return [
    ...cpus.flatMap((cpu) => threadIn(cpu, 'cpu-index', (index) => `vCPU ${index}`)),
    ...iothreads.flatMap((iothread) => threadIn(iothread, 'id', (id) => `iothread "${id}"`)),
  ];
}

function threadIn(answer: JsonObject, key: string, roleOf: (name: string) => string): GuestThread[] {
  const { 'thread-id': id, [key]: name } = answer;
  const isNamed = typeof name === 'number' || typeof name === 'string';
  return typeof id === 'number' && isNamed ? [{ role: roleOf(`${name}`), id }] : [];
}
