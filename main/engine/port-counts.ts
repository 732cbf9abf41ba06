import { SwitchyardError } from '#contract/errors.ts';
import type { JournalEventOf, Path } from '#contract/migration.ts';
import type { SubflowSample } from '#contract/telemetry.ts';
import type { Bytes, Milliseconds } from '#contract/units.ts';
import type { MigrationHost, PortCounter, Ports } from './ports.ts';
import { within } from './within.ts';

/** A host that does not answer leaves its interfaces uncounted. */
const answersWithinMs: Milliseconds = 1000;

type Counters = ReadonlyMap<string, PortCounter>;
type Counting = Pick<MigrationHost, 'portCounters'>;
interface CountingPorts extends Pick<Ports, 'plan' | 'clock' | 'report'> {
  readonly source: Counting;
  readonly destination: Counting;
}
type CarryingSubflow = Pick<SubflowSample, 'id' | 'localAddress' | 'remoteAddress' | 'bytesSent'>;
interface BothSides {
  readonly source: Counters;
  readonly destination: Counters;
}

/**
 * What the interfaces of a migration's paths carried while it copied, beside what the subflows of each path report. A subflow
 * is called by its addresses, and routing decides by which interface it leaves: where two interfaces share a subnet both may
 * use one of them. Only the interfaces' own counters show that.
 */
export class PortCounts {
  readonly #ports: CountingPorts;
  readonly #carried = new Map<string, { readonly path: number; readonly first: Bytes; readonly last: Bytes }>();
  #before: Promise<BothSides | undefined> | undefined;

  constructor(ports: CountingPorts) {
    this.#ports = ports;
  }

  /** Before the connection is made. Waits for nothing. */
  begin(): void {
    this.#before ??= this.#read();
  }

  /** What a subflow had carried before it was first seen is left out: a successor begins to count in the middle. */
  saw({ subflows }: { readonly subflows: readonly CarryingSubflow[] }): void {
    for (const subflow of subflows) {
      const path = this.#ports.plan.paths.findIndex((each) => runsOn(each, subflow));
      const first = this.#carried.get(subflow.id)?.first ?? subflow.bytesSent;
      if (path >= 0) this.#carried.set(subflow.id, { path, first, last: subflow.bytesSent });
    }
  }

  /** `undefined` where a host could not be asked, or where no subflow was seen. */
  async end(): Promise<JournalEventOf<'ports-counted'> | undefined> {
    const [before, after] = await Promise.all([this.#before, this.#before && this.#read()]);
    if (!before || !after || this.#carried.size === 0) return undefined;
    const rose = (side: keyof BothSides, name: string, counter: 'sentBytes' | 'receivedBytes'): Bytes | undefined => {
      const [first, last] = [before[side].get(name), after[side].get(name)];
      return first && last && last[counter] >= first[counter] ? last[counter] - first[counter] : undefined;
    };
    const paths = this.#ports.plan.paths.map(({ sourceInterface, destinationInterface }, index) => {
      const [sentBytes, receivedBytes] = [
        rose('source', sourceInterface, 'sentBytes'),
        rose('destination', destinationInterface, 'receivedBytes'),
      ];
      const own = [...this.#carried.values()].filter(({ path }) => path === index);
      return {
        interface: sourceInterface,
        destinationInterface,
        carriedBytes: own.reduce((sum, { first, last }) => sum + last - first, 0),
        ...(sentBytes === undefined ? {} : { sentBytes }),
        ...(receivedBytes === undefined ? {} : { receivedBytes }),
      };
    });
    return { kind: 'ports-counted', paths };
  }

  async #read(): Promise<BothSides | undefined> {
    const { source, destination, clock, report } = this.#ports;
    try {
      const both = Promise.all([countersOf(source), countersOf(destination)]);
      const answer = await within(clock, answersWithinMs, both, report);
      return answer === 'late' ? undefined : { source: answer.value[0], destination: answer.value[1] };
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return undefined;
      throw thrown;
    }
  }
}

function runsOn(
  { sourceAddress, destinationAddress }: Path,
  { localAddress, remoteAddress }: CarryingSubflow,
): boolean {
  return localAddress === sourceAddress && remoteAddress === destinationAddress;
}

async function countersOf(host: Counting): Promise<Counters> {
  return new Map((await host.portCounters()).map((counter) => [counter.interface, counter]));
}
