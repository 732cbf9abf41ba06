import type { Guest, HostFacts } from '#contract/host.ts';
import type { Check, LeftOutPair, ListenerAddress, MigrationSettings, Path, Side } from '#contract/migration.ts';
import type { Milliseconds } from '#contract/units.ts';
import type { Finding, JudgedFinding } from '#main/likeness/finding.ts';
import type { Portrait } from '#main/likeness/portrait.ts';
import type { Hardware, TwinForesight } from './ports.ts';

/** Everything preflight judges; it is gathered elsewhere. */
export interface PreflightFacts {
  readonly guest: Guest;
  /** RunState and MigrationStatus as QEMU answered, or why it did not. */
  readonly guestRun: GuestRun;
  /** Migrations that have not ended, as far as they concern this guest. */
  readonly openMigrations: readonly OpenMigrationFacts[];
  readonly source: HostFacts;
  readonly destination: HostFacts;
  readonly destinationGuests: readonly Guest[];
  /** What the guest consists of now; absent where its monitor did not answer. */
  readonly likeness?: LikenessFacts;
  /** Why the destination would not get the disks; absent where what the guest has open could not be read. */
  readonly disks?: readonly Finding[];
  /** The first is the one that is connected. */
  readonly paths: readonly Path[];
  /** What is in no path, and why. */
  readonly leftOut?: readonly LeftOutPair[];
  /** Why the connection cannot begin on the first path; absent when it can. */
  readonly firstObstacle?: { readonly text: string; readonly remedy: string; readonly command?: string };
  /** What the operator has asked for by name and is no path, a sentence each. */
  readonly unmetChoice?: readonly string[];
  /** What probes have found out, apart from what stands with each path; absent where none is made. */
  readonly probing?: ProbingFacts;
  readonly settings: MigrationSettings;
  readonly preparation: PathPreparation;
  /** Migrations under way that have set MPTCP endpoints or limits on one of the two hosts. */
  readonly borrowers: readonly Borrower[];
  /** Where the destination is to listen, or does; absent for the wildcard. */
  readonly listener?: ListenerAddress;
  /** The QEMU that the operator has started for this guest; absent where one is to be started. */
  readonly waiting?: WaitingFacts;
  /** What starting the twin would mean; absent where the operator has started one. */
  readonly twin?: TwinForesight;
}

export interface ProbingFacts {
  /** Against which the age of a result counts. */
  readonly nowEpochMs: Milliseconds;
  /** Pairs that a probe has taken out of the plan. */
  readonly leftOut: readonly LeftOutPair[];
  /** Why a probe that was wanted was not made. */
  readonly notProbed: string | undefined;
}

export type GuestRun =
  | {
      readonly run: string;
      readonly migration: string;
      /** Of the first monitor, where another program holds that and the guest's next one answers. */
      readonly heldMonitorPath?: string;
    }
  | { readonly unreadable: string; readonly remedy?: string };

/** A migration whose journal has no end yet. */
export interface OpenMigrationFacts {
  readonly migrationId: string;
  /** A living process manages it. */
  readonly managed: boolean;
  /** That process has its journals in another place, so that nothing here can follow it. */
  readonly elsewhere?: boolean;
  /** Whether this very process is one of its two QEMUs, or only a guest with the same uuid. */
  readonly same: 'process' | 'uuid';
}

/** The running guest against the command line that its destination is started with. */
export type LikenessFacts =
  | {
      readonly portrait: Portrait;
      /** What is brought up to the running guest, and what cannot be; empty where the operator has started the destination. */
      readonly changes: readonly JudgedFinding[];
    }
  | { readonly unreadable: string };

/** What the path managers of both hosts lack, in the operator's own commands, and what there belongs to others. */
export interface PathPreparation {
  readonly commands: Readonly<Record<Side, readonly string[]>>;
  readonly warnings: readonly { readonly side: Side; readonly sentence: string; readonly command?: string }[];
}

/** A migration that puts back, at its end, what it has set on these hosts. */
export interface Borrower {
  readonly migrationId: string;
  readonly guest: string;
  readonly hosts: readonly string[];
}

export interface WaitingFacts {
  readonly guest: Guest;
  /** Why what stands after its `-incoming` cannot be used. */
  readonly addressProblem: { readonly text: string; readonly remedy: string } | undefined;
  /** It was started with the address to listen on. */
  readonly listens: boolean;
  /** What its monitor answered, or why it did not. */
  readonly answer: WaitingAnswer | { readonly unreadable: string };
}

export interface WaitingAnswer {
  /** RunState. */
  readonly run: string;
  /** MigrationStatus. */
  readonly migration: string;
  /** By its own word. */
  readonly listens: boolean;
  readonly hardware: Hardware;
  /** The same of the guest that is to come. */
  readonly guestHardware: Hardware;
}

export type Severity = Check['severity'];
export type Verdict = Omit<Check, 'id' | 'passed' | 'severity'> & { readonly severity?: Severity };
/** One question about the facts: the sentence when it holds, the verdict when it does not, nothing when it does not apply. */
export type Question = (
  facts: PreflightFacts,
) => { readonly holds: string; readonly command?: string } | Verdict | undefined;

/** What QEMU says of a guest that was given no uuid: it identifies no guest. */
export const nilUuid = '00000000-0000-0000-0000-000000000000';

/** How grave it is when there will be no MPTCP. */
export function severityOf({ mptcp }: MigrationSettings): Severity {
  return mptcp === 'require' ? 'error' : 'warning';
}

export function isWildcard({ host }: ListenerAddress): boolean {
  return host === '0.0.0.0' || host === '::';
}
