import type { HostFacts } from '#contract/host.ts';
import type { LeftOutPair, Path } from '#contract/migration.ts';
import type { PathChoice } from '#contract/path-choice.ts';

/** What the operator has chosen in the window: paths by the source's interface, as the running screen names them. */
export type PathChoices = Readonly<Record<string, PathChoice>>;

/** Two hosts, in this direction: the interfaces are the source's. Neither name holds a slash. */
export function choiceKey(from: string, to: string): string {
  return `${from}/${to}`;
}

/** A choice, as far as its interfaces are still there: one that has gone must not keep the operator from migrating. */
export function stillThere(
  choice: PathChoice | undefined,
  source: Pick<HostFacts, 'interfaces'> | undefined,
): PathChoice | undefined {
  const isThere = (name: string): boolean => source?.interfaces.some((each) => each.name === name) === true;
  const without = choice?.without?.filter(isThere) ?? [];
  const first = choice?.first !== undefined && isThere(choice.first) ? choice.first : undefined;
  return choiceOf(without, first);
}

/** Without this path; one that is excluded cannot be the first. */
export function excluding(choice: PathChoice | undefined, name: string): PathChoice | undefined {
  const without = choice?.without ?? [];
  return choiceOf(
    without.includes(name) ? without : [...without, name],
    choice?.first === name ? undefined : choice?.first,
  );
}

export function including(choice: PathChoice | undefined, name: string): PathChoice | undefined {
  return choiceOf(choice?.without?.filter((each) => each !== name) ?? [], choice?.first);
}

export function beginningOn(choice: PathChoice | undefined, name: string): PathChoice | undefined {
  return choiceOf(choice?.without?.filter((each) => each !== name) ?? [], name);
}

/** `without eth1 and eth2, beginning on eth3`. */
export function choiceInWords({ without = [], first }: PathChoice): string {
  const parts = [
    ...(without.length > 0 ? [`without ${without.join(' and ')}`] : []),
    ...(first === undefined ? [] : [`beginning on ${first}`]),
  ];
  return parts.join(', ');
}

/** A row of the table: a path, or what would be one without the choice. */
export interface PathRow extends Pick<LeftOutPair, 'speedBitsPerSecond' | 'mtu'> {
  readonly name: string;
  readonly sourceAddress: string;
  readonly destinationInterface: string;
  readonly destinationAddress: string;
  /** Absent where the operator has excluded it. */
  readonly path?: Path;
}

/** In the order of the source's interfaces, so that no row moves when it is chosen. */
export function rowsOf(
  paths: readonly Path[],
  leftOut: readonly LeftOutPair[],
  source: Pick<HostFacts, 'interfaces'> | undefined,
): readonly PathRow[] {
  const place = (name: string): number => source?.interfaces.findIndex((each) => each.name === name) ?? -1;
  const excluded = leftOut.flatMap((pair): PathRow[] => {
    const { reason, sourceInterface, sourceAddress, destinationInterface, destinationAddress } = pair;
    if (reason !== 'excluded-by-operator' || sourceInterface === undefined) return [];
    return [
      {
        name: sourceInterface,
        sourceAddress: sourceAddress ?? '',
        destinationInterface: destinationInterface ?? '',
        destinationAddress: destinationAddress ?? '',
        speedBitsPerSecond: pair.speedBitsPerSecond,
        mtu: pair.mtu,
      },
    ];
  });
  return [...paths.map((path) => ({ ...path, name: path.sourceInterface, path })), ...excluded].toSorted(
    (one, other) => place(one.name) - place(other.name),
  );
}

function choiceOf(without: readonly string[], first: string | undefined): PathChoice | undefined {
  if (without.length === 0 && first === undefined) return undefined;
  return { ...(without.length === 0 ? {} : { without: [...without] }), ...(first === undefined ? {} : { first }) };
}
