import type { PreflightAnswer } from '#contract/channels.ts';
import type { Guest, HostFacts } from '#contract/host.ts';
import type { MigrationRecord } from '#contract/migration.ts';
import type { ManagerRequest, MigrationRequest } from '#contract/requests.ts';
import type {
  GuestProcess,
  HeartbeatWatch,
  LabLink,
  LabOptions,
  LabOptionTexts,
  LabProof,
  LabStatus,
} from '#lab/lab.ts';
import type { HistoryEntry, Report, Started, TakeUpRequest } from '#main/app/application.ts';
import type { ReportIncident } from '#main/app/incidents.ts';
import type { OpenMigration } from '#main/app/managed.ts';
import type { Clock } from './clock.ts';
import type { Console } from './console.ts';
import type { Signals } from './signals.ts';

/** What commands ask of the application: main/app/application.ts, or a fake. */
export interface ApplicationPort {
  readonly user: string;
  hosts(): Promise<readonly HostFacts[]>;
  /** Those that could not be asked because they are another user's. */
  readonly hostsOutOfReach: readonly string[];
  guests(hostId?: string): Promise<readonly Guest[]>;
  /** Preflight, with what the migration would be like and what would be sent. */
  foretell(request: MigrationRequest): Promise<PreflightAnswer>;
  start(request: MigrationRequest): Promise<Started>;
  open(idOrPrefix: string): Promise<OpenMigration | undefined>;
  takeUpTo(idOrPrefix: string, command: TakeUpRequest): Promise<OpenMigration | undefined>;
  ask(idOrPrefix: string, request: ManagerRequest): Promise<void>;
  history(options?: { readonly newest?: number }): Promise<readonly HistoryEntry[]>;
  migrationCount(): Promise<number>;
  record(idOrPrefix: string): Promise<MigrationRecord>;
  collectReport(id?: string): Promise<Report>;
}

/** What commands ask of the lab: lab/lab.ts, or a fake. */
export interface LabPort {
  parseLabOptions(texts: LabOptionTexts): LabOptions;
  labUp(options: LabOptions): Promise<LabStatus>;
  labStatus(name: string): Promise<LabStatus>;
  labList(): Promise<readonly string[]>;
  labsOutOfReach(): Promise<readonly string[]>;
  labLink(name: string, index: number, state: LabLink['state']): Promise<LabLink>;
  labVerify(name: string): Promise<LabProof>;
  labDown(name: string): Promise<{ readonly name: string; readonly removed: readonly string[] }>;
  /** QEMUs by the name of their guest. */
  findGuests(accept: (name: string) => boolean): readonly Pick<GuestProcess, 'pid' | 'serial'>[];
  readonly HeartbeatWatch: new () => Pick<HeartbeatWatch, 'add' | 'report'> & AsyncDisposable;
}

/** What a command works with; the real one is built in index.ts, tests bring their own. */
export interface Context {
  readonly console: Console;
  readonly signals: Signals;
  readonly clock: Clock;
  /** Both are loaded when first asked for: `--help` needs neither. */
  readonly application: () => Promise<ApplicationPort>;
  /** Where faults of ours go. Loaded when first asked for, and never rejects. */
  readonly incidents: () => Promise<ReportIncident>;
  readonly lab: () => Promise<LabPort>;
}

/** A command answers with the exit code. */
export type Command = (context: Context) => Promise<number>;
