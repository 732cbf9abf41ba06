import { isIP } from 'node:net';
import { invalidRequest } from '#contract/errors.ts';
import type { LeftOutPair, Path, Side } from '#contract/migration.ts';
import type { PathChoice } from '#contract/path-choice.ts';
import { plainText } from '#contract/plain-text.ts';
import type { HostNetwork } from './host-network.ts';

/** The ends of a pair, in any of the forms in which pairs are known. */
export type Ends = Partial<
  Pick<Path, 'sourceInterface' | 'sourceAddress' | 'destinationInterface' | 'destinationAddress'>
>;

interface End {
  readonly by: 'name' | 'address';
  readonly value: string;
}

/** One name that the operator has given: what it asks of each side. */
interface Term {
  readonly text: string;
  readonly source?: End;
  readonly destination?: End;
}

/** What the operator has chosen, for two hosts that have everything that is named. */
export interface ResolvedChoice {
  readonly allows: (pair: Ends) => boolean;
  readonly isFirst: ((pair: Ends) => boolean) | undefined;
  /** Asked for by name, as one to use. */
  readonly isNamed: (pair: Ends) => boolean;
  /** Interfaces of each side that are asked for by name, so that none of them is passed over. */
  readonly named: Readonly<Record<Side, readonly string[]>>;
  /** Of the names that a path is asked for by, those by which none of these can be found. */
  readonly unmetBy: (paths: readonly Ends[]) => readonly UnmetName[];
}

export interface UnmetName {
  readonly option: '--paths' | '--first-path';
  readonly text: string;
  readonly matches: (pair: Ends) => boolean;
}

interface Hosts {
  readonly source: HostNetwork;
  readonly destination: HostNetwork;
}

/** Finds what is named on both hosts. Throws `invalid-request` where a name leads nowhere, or two wishes exclude each other. */
export function resolveChoice(choice: PathChoice, hosts: Hosts): ResolvedChoice {
  const only = (choice.only ?? []).map((text) => termOf(text, hosts, '--paths'));
  const without = (choice.without ?? []).map((text) => termOf(text, hosts, '--without-path'));
  const first = choice.first === undefined ? undefined : termOf(choice.first, hosts, '--first-path');
  refuseContradictions(only, without, first);
  const asked = only.map((term) => ({ option: '--paths', term }) as const);
  const wanted = first ? [...asked, { option: '--first-path' as const, term: first }] : asked;
  return {
    allows: (pair) =>
      (only.length === 0 || only.some((term) => matches(term, pair))) && !without.some((term) => matches(term, pair)),
    isNamed: (pair) => only.some((term) => matches(term, pair)),
    isFirst: first && ((pair) => matches(first, pair)),
    named: { source: namedOn('source', wanted, hosts), destination: namedOn('destination', wanted, hosts) },
    unmetBy: (paths) =>
      wanted.flatMap(({ option, term }) =>
        paths.some((path) => matches(term, path))
          ? []
          : [{ option, text: term.text, matches: (pair: Ends) => matches(term, pair) }],
      ),
  };
}

function termOf(text: string, hosts: Hosts, option: string): Term {
  const slash = text.indexOf('/');
  if (slash !== -1) {
    const [from, to] = [text.slice(0, slash), text.slice(slash + 1)];
    const source = endOn(hosts.source, from);
    const destination = endOn(hosts.destination, to);
    if (!source) throw unknownName(from, option, hosts, 'source');
    if (!destination) throw unknownName(to, option, hosts, 'destination');
    return { text, source, destination };
  }
  for (const side of ['source', 'destination'] as const) {
    if (!text.startsWith(`${side}:`)) continue;
    const name = text.slice(side.length + 1);
    const end = endOn(hosts[side], name);
    if (!end) throw unknownName(name, option, hosts, side);
    return { text, [side]: end };
  }
  const source = endOn(hosts.source, text);
  if (source) return { text, source };
  const destination = endOn(hosts.destination, text);
  if (destination) return { text, destination };
  throw unknownName(text, option, hosts);
}

function endOn({ interfaces }: HostNetwork, value: string): End | undefined {
  if (interfaces.some(({ name }) => name === value)) return { by: 'name', value };
  const isThere = isIP(value) !== 0 && interfaces.some((each) => hasAddress(each.addresses, value));
  return isThere ? { by: 'address', value } : undefined;
}

function hasAddress(addresses: readonly { readonly address: string }[], value: string): boolean {
  return addresses.some(({ address }) => address === value);
}

function matches({ source, destination }: Term, pair: Ends): boolean {
  return (
    meets(source, pair.sourceInterface, pair.sourceAddress) &&
    meets(destination, pair.destinationInterface, pair.destinationAddress)
  );
}

function meets(end: End | undefined, name: string | undefined, address: string | undefined): boolean {
  if (end === undefined) return true;
  return end.value === (end.by === 'name' ? name : address);
}

function refuseContradictions(only: readonly Term[], without: readonly Term[], first: Term | undefined): void {
  for (const term of only) {
    const excluding = without.find((each) => covers(each, term));
    if (excluding) {
      throw invalidRequest(
        `--paths names ${plainText(term.text)}, and --without-path ${plainText(excluding.text)} excludes it.`,
        'Leave one of the two out.',
        'settings.pathChoice.without',
      );
    }
  }
  if (!first) return;
  const excluding = without.find((each) => covers(each, first));
  if (excluding) {
    throw invalidRequest(
      `--first-path names ${plainText(first.text)}, and --without-path ${plainText(excluding.text)} excludes it.`,
      'Leave one of the two out.',
      'settings.pathChoice.first',
    );
  }
  if (only.length > 0 && only.every((each) => areDisjoint(each, first))) {
    throw invalidRequest(
      `--first-path names ${plainText(first.text)}, which is not among --paths ${plainText(only.map(({ text }) => text).join(','))}.`,
      'Add it to --paths, or choose the first path from those.',
      'settings.pathChoice.first',
    );
  }
}

/** Every pair that the second matches, the first matches too, as far as the names show. */
function covers(one: Term, other: Term): boolean {
  return (['source', 'destination'] as const).every((side) => {
    const [wide, narrow] = [one[side], other[side]];
    return wide === undefined || (narrow !== undefined && narrow.by === wide.by && narrow.value === wide.value);
  });
}

/** No pair matches both, as far as the names show. */
function areDisjoint(one: Term, other: Term): boolean {
  return (['source', 'destination'] as const).some((side) => {
    const [a, b] = [one[side], other[side]];
    return a !== undefined && b !== undefined && a.by === b.by && a.value !== b.value;
  });
}

function namedOn(side: Side, wanted: readonly { readonly term: Term }[], hosts: Hosts): readonly string[] {
  return wanted.flatMap(({ term }) => {
    const end = term[side];
    if (end === undefined) return [];
    const owner = hosts[side].interfaces.find(
      ({ name, addresses }) => (end.by === 'name' && name === end.value) || hasAddress(addresses, end.value),
    );
    return owner ? [owner.name] : [];
  });
}

/** Why a name that the operator has given leads to no path: what was said of its pairs, the most exact first. */
export function whyUnmet(unmet: UnmetName, leftOut: readonly LeftOutPair[]): string {
  const name = `${unmet.option} ${plainText(unmet.text)}`;
  const ofBoth = leftOut.filter((pair) => unmet.matches(pair));
  const why = ofBoth.find(({ reason }) => reason !== 'no-counterpart') ?? ofBoth[0];
  return why ? `${name} is not a path: ${why.text}` : `${name} is not a path: no pair of addresses was found there.`;
}

/** A host may have a thousand interfaces; an operator looks for the few that have addresses. */
const mostNames = 12;

function unknownName(name: string, option: string, hosts: Hosts, only?: Side): Error {
  const known = (['source', 'destination'] as const)
    .filter((side) => only === undefined || side === only)
    .map((side) => {
      const names = hosts[side].interfaces.flatMap((each) => (each.addresses.length > 0 ? [each.name] : []));
      const more = names.length - mostNames;
      return `${plainText(hosts[side].id)} (the ${side}) has ${[...names.slice(0, mostNames).map((each) => plainText(each)), ...(more > 0 ? [`${more} more`] : [])].join(', ') || 'none with an address'}`;
    });
  return invalidRequest(
    `There is no interface or address ${JSON.stringify(plainText(name))} for ${option}: ${known.join('; ')}.`,
    'Name an interface of the source, `destination:NAME`, an address, or a pair as `eth1/eth4`.',
    `settings.pathChoice.${option === '--paths' ? 'only' : option === '--without-path' ? 'without' : 'first'}`,
  );
}
