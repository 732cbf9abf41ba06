import type { CommandResponse, EventName, EventPayload, Handlers } from '#contract/channels.ts';
import { SwitchyardError, toFailure } from '#contract/errors.ts';
import type { ManagerRequest, MigrationRequest } from '#contract/requests.ts';
import type { Milliseconds } from '#contract/units.ts';
import { systemClock } from '#main/hosts/clock.ts';
import { redactText } from '#main/redaction/redact.ts';
import type { Application, TakeUpRequest } from './application.ts';
import { Board } from './board.ts';
import { makeDispatch, type Dispatch } from './dispatch.ts';
import { exportRecord } from './export-formats.ts';
import type { AppWindow, Face } from './face.ts';
import { TelemetryDesk } from './telemetry-desk.ts';

/** How often the desk looks for what other processes have begun or left; only while a window is there to see it. */
const lookAroundEveryMs: Milliseconds = 2000;

/** What a row of the migrations table shows to code that watches the desk itself. */
export type Rows = EventPayload<'migration.list-changed'>['rows'];

export interface DeskOptions {
  readonly application: Pick<
    Application,
    | 'changeMptcp'
    | 'foretell'
    | 'guests'
    | 'history'
    | 'hosts'
    | 'isManaged'
    | 'open'
    | 'record'
    | 'report'
    | 'samples'
    | 'start'
    | 'stored'
    | 'takeUpTo'
    | 'user'
  >;
  readonly version: string;
  readonly face: Face;
  /** Of the clock that requests are counted by. */
  readonly monoMs?: () => Milliseconds;
}

/**
 * The app behind its windows, whichever face they have: what they may ask (`dispatch`), what they are sent, and the
 * migrations that this process manages. A window can vanish at any moment and nothing is lost: all truth is here or
 * on disk.
 */
export class Desk {
  /** Answers any request of any window; never rejects. */
  readonly dispatch: Dispatch<AppWindow>;
  readonly #options: DeskOptions;
  readonly #board: Board;
  readonly #telemetry = new TelemetryDesk();
  readonly #windows = new Set<AppWindow>();
  readonly #rowWatchers = new Set<(rows: Rows) => void>();
  #lookingAround: NodeJS.Timeout | undefined;

  constructor(options: DeskOptions) {
    const { application, monoMs = () => systemClock.monoMs() } = options;
    this.#options = options;
    this.#board = new Board({
      application,
      report: (thrown, migration) => this.#report(thrown, migration),
      listener: {
        view: (view) => this.#tell('migration.view-changed', view),
        rows: (rows) => {
          this.#tell('migration.list-changed', { rows: [...rows] });
          for (const watcher of this.#rowWatchers) watcher([...rows]);
        },
        sample: (id, sample) => this.#telemetry.offer(id, sample),
        ended: () => void this.#tellLabs(),
      },
    });
    this.dispatch = makeDispatch(this.#handlers(), { monoMs, report: (thrown) => this.#report(thrown) });
  }

  /** Finds what an earlier process left, and takes it up. */
  async begin(): Promise<void> {
    await this.#board.refresh();
  }

  /** A window has come. Returns what to call when it has gone. */
  join(window: AppWindow): () => void {
    this.#windows.add(window);
    this.#lookingAround ??= setInterval(() => void this.#lookAround(), lookAroundEveryMs);
    return () => {
      this.#windows.delete(window);
      this.#telemetry.unsubscribe(window);
      if (this.#windows.size > 0) return;
      clearInterval(this.#lookingAround);
      this.#lookingAround = undefined;
    };
  }

  /** For what a face does beside its windows: a notification, a bar in the dock, a question before it closes. */
  onRows(watcher: (rows: Rows) => void): () => void {
    this.#rowWatchers.add(watcher);
    return () => this.#rowWatchers.delete(watcher);
  }

  /** Ids of the migrations that no process would manage if this one ended now. */
  get managedHere(): readonly string[] {
    return this.#board.managedHere;
  }

  /** Leaves every migration to QEMU. Resolves with the ids of those that no process manages from now on. */
  async close(): Promise<readonly string[]> {
    clearInterval(this.#lookingAround);
    return this.#board.letGo();
  }

  #handlers(): Handlers<AppWindow> {
    const { application, version, face } = this.#options;
    const { lab } = face;
    const { user: by } = application;
    const board = this.#board;
    return {
      'application.describe': () =>
        Promise.resolve({ version, user: application.user, capabilities: face.capabilities }),
      'hosts.list': () => application.hosts(),
      'host.change-mptcp': ({ hostId, change }) => application.changeMptcp(hostId, change),
      'guests.list': () => application.guests(),

      'migration.preflight': (request) => application.foretell(request),
      'migration.start': (request) => this.#start(request),
      'migration.list': async () => [...(await board.refresh())],
      'migration.view': ({ id }) => board.view(id),
      'migration.cancel': ({ id }) => this.#ask(id, { command: 'cancel', by }),
      'migration.change': ({ id, change }) => this.#ask(id, { command: 'change', by, change }),
      'migration.path': ({ id, action, interface: name }) =>
        this.#ask(id, { command: 'path', by, action, interface: name }),
      'migration.post-copy': ({ id }) => this.#ask(id, { command: 'post-copy', by }),
      'migration.recover': ({ id }) => this.#endHalt(id, 'recover'),
      'migration.go-back': ({ id }) => this.#endHalt(id, 'go-back'),
      'migration.take-up': async ({ id }) => {
        await board.takeUp(id);
        return {};
      },
      'migration.samples': async ({ id, afterEpochMs = -Infinity, limit }) => {
        const { samples, more } = await application.samples(id, { afterEpochMs, limit });
        return { samples: [...samples], more };
      },
      'migration.export': async ({ id, format }, window) => {
        const file = exportRecord(await application.record(id), format);
        return face.save ? face.save(file, window) : { kind: 'content', ...file };
      },

      'telemetry.subscribe': ({ id }, window) => {
        this.#telemetry.subscribe(window, id);
        return Promise.resolve({});
      },
      'telemetry.unsubscribe': (_request, window) => {
        this.#telemetry.unsubscribe(window);
        return Promise.resolve({});
      },
      'telemetry.acknowledge': ({ sequence }, window) => {
        this.#telemetry.acknowledge(window, sequence);
        return Promise.resolve({});
      },

      'lab.list': () => lab.list(),
      'lab.up': (options) => this.#changingLabs(lab.up(options)),
      'lab.link': (change) => this.#changingLabs(lab.link(change)),
      'lab.verify': ({ name }) => lab.verify(name),
      'lab.down': ({ name }) => this.#changingLabs(lab.down(name)),
    };
  }

  async #start(request: MigrationRequest): Promise<CommandResponse<'migration.start'>> {
    const started = await this.#options.application.start(request);
    if (started.kind === 'refused') return { kind: 'refused', checks: [...started.refusals] };
    this.#board.adopt(started.migration);
    return { kind: 'started', id: started.migration.id };
  }

  /** Asks the manager of this migration, or takes it up first. */
  async #endHalt(id: string, command: TakeUpRequest): Promise<Record<string, never>> {
    if (this.#board.get(id)) return this.#ask(id, { command, by: this.#options.application.user });
    await this.#board.takeUpTo(id, command);
    return {};
  }

  async #ask(id: string, request: ManagerRequest): Promise<Record<string, never>> {
    const migration = this.#board.get(id);
    if (!migration) throw noManager(id);
    const answer = await migration.ask(request);
    if (!answer.ok) throw new SwitchyardError(answer.error);
    return {};
  }

  /** Also after a failure the labs may have changed. */
  async #changingLabs<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } finally {
      void this.#tellLabs();
    }
  }

  async #tellLabs(): Promise<void> {
    if (this.#windows.size === 0) return;
    try {
      this.#tell('lab.list-changed', { labs: await this.#options.face.lab.list() });
    } catch (thrown) {
      this.#note('the labs could not be listed', thrown);
    }
  }

  async #lookAround(): Promise<void> {
    try {
      await this.#board.refresh();
    } catch (thrown) {
      this.#note('the history could not be read', thrown);
    }
  }

  /** A fault of ours, kept in the incident file and named where this process writes its lines. */
  #report(thrown: unknown, migration?: string): string {
    const { application, face } = this.#options;
    const id = application.report(thrown, migration === undefined ? {} : { migration });
    face.log(redactText(`incident ${id}: ${thrown instanceof Error ? thrown.message : String(thrown)}`));
    return id;
  }

  #note(what: string, thrown: unknown): void {
    const { text } = toFailure(thrown, (fault) => this.#report(fault));
    this.#options.face.log(redactText(`${what}: ${text}`));
  }

  #tell<Name extends EventName>(name: Name, payload: EventPayload<Name>): void {
    for (const window of this.#windows) {
      try {
        window.emit(name, payload);
      } catch (thrown) {
        // One that breaks over it must not keep it from the others.
        this.#note('a window could not be reached', thrown);
      }
    }
  }
}

function noManager(id: string): SwitchyardError {
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'unmanaged',
    event: 'ask',
    text: `No process manages ${id} now, or it has ended: nothing can be asked of it.`,
    remedy: 'If it is still open, take it up first.',
  });
}
