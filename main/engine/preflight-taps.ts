import type { HostFacts } from '#contract/host.ts';
import type { Netdev } from '#main/likeness/portrait.ts';
import type { PreflightFacts, Question, Verdict } from './preflight-facts.ts';

/** The other side's network: a tap that QEMU has to make itself is down and in no bridge, and the guest has no network. */
export const tapQuestions: Readonly<Record<string, Question>> = {
  'guest-network': (facts) => {
    const { likeness, destination, waiting } = facts;
    // A QEMU that the operator has started has its taps already.
    if (!likeness || 'unreadable' in likeness || waiting) return undefined;
    const taps = likeness.portrait.netdevs.filter(({ type }) => type === 'tap');
    const [first] = taps;
    if (!first) return undefined;
    const [problem] = taps.flatMap((tap) => problemOf(tap, facts) ?? []);
    return problem ?? { holds: `${destination.id} has the bridges and taps of the guest's network cards.` };
  },
};

function problemOf({ id, details }: Netdev, { source, destination }: PreflightFacts): Verdict | undefined {
  const words = new Map(details.split(',').map((word) => splitAt(word, '=')));
  const [name, helperBridge, script] = [words.get('ifname'), words.get('br'), words.get('script') ?? 'no'];
  const tap = name === undefined ? undefined : interfaceOf(source, name);
  const bridge = helperBridge ?? tap?.master;
  if (bridge !== undefined && !interfaceOf(destination, bridge)) {
    return {
      text: `The network backend ${id} of the guest is in ${bridge} on ${source.id}, and ${destination.id} has no ${bridge}.`,
      remedy: `Make ${bridge} on ${destination.id}, with the interface that leads to the guest's network.`,
      command: `ip link add ${bridge} type bridge && ip link set ${bridge} up`,
      acceptable: true,
    };
  }
  if (name === undefined) return undefined;
  const there = interfaceOf(destination, name);
  if (there && bridge !== undefined && there.master !== bridge) {
    return {
      text: `${name} is in ${bridge} on ${source.id}, and in ${there.master ?? 'no bridge'} on ${destination.id}.`,
      remedy: `Put it into ${bridge} there.`,
      command: `ip link set ${name} master ${bridge}`,
      acceptable: true,
    };
  }
  // A script of QEMU's brings it up and puts it where it belongs.
  if (there || script !== 'no') return undefined;
  return {
    text: `${destination.id} has no ${name}: QEMU would make it, down and in no bridge, and the guest would be without network.`,
    remedy: `Make ${name} on ${destination.id} before the move.`,
    command: `ip tuntap add dev ${name} mode tap && ip link set ${name}${bridge === undefined ? '' : ` master ${bridge}`} up`,
    acceptable: true,
  };
}

function interfaceOf({ interfaces }: HostFacts, name: string): HostFacts['interfaces'][number] | undefined {
  return interfaces.find((each) => each.name === name);
}

function splitAt(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
