import { SwitchyardError, toFailure, type Failure, type ReportFault } from '#contract/errors.ts';
import type { JournalEvent } from '#contract/migration.ts';
import type { LiveChange, ManagerRequest } from '#contract/requests.ts';
import { failed, ok, type Result } from '#contract/result.ts';
import type { LivePaths } from './live-paths.ts';
import type { Qemu } from './ports.ts';
import { mayBeInPostCopy, mayGoBack, phaseOf, type MigrationState } from './state.ts';

export interface OperatorRequestsOptions {
  readonly state: () => MigrationState;
  /** Absent while the source does not answer. */
  readonly sourceMonitor: () => Pick<Qemu, 'setParameters'> | undefined;
  readonly paths: Pick<LivePaths, 'change'>;
  readonly record: (event: JournalEvent) => Promise<unknown>;
  readonly report: ReportFault;
}

/**
 * What an operator asks of a migration that runs, and when that can be had. Most becomes an entry of the journal, from which
 * `decide` draws what follows; settings and paths are changed at once.
 */
export class OperatorRequests {
  readonly #options: OperatorRequestsOptions;

  constructor(options: OperatorRequestsOptions) {
    this.#options = options;
  }

  /** What cannot be done now is answered with the reason; nothing is thrown. */
  async ask(request: ManagerRequest): Promise<Result<void, Failure>> {
    try {
      await this.#carryOut(request);
      return ok(undefined);
    } catch (thrown) {
      return failed(toFailure(thrown, this.#options.report));
    }
  }

  #carryOut(request: ManagerRequest): Promise<unknown> {
    const { command, by } = request;
    switch (command) {
      case 'cancel':
        return this.#cancel(by);
      case 'change':
        return this.#changeSettings(by, request.change);
      case 'path':
        return this.#options.paths.change(by, request.action, request.interface);
      case 'post-copy':
        return this.#beginPostCopy(by);
      case 'recover':
        return this.#recover(by);
      case 'go-back':
        return this.#goBack(by);
    }
  }

  async #cancel(by: string): Promise<void> {
    const { ended, sourceCompleted, committed, cancel } = this.#options.state();
    if (ended || sourceCompleted || committed || mayBeInPostCopy(this.#options.state())) {
      const why = ended ? 'it has already ended' : 'the guest has been handed over to the destination';
      await this.#options.record({ kind: 'cancel-refused', by, why });
      const remedy = 'Wait for it to end; the guest can be migrated back afterwards.';
      throw this.#rejection('cancel', `Not cancelled: ${why}.`, remedy);
    }
    if (!cancel) await this.#options.record({ kind: 'cancel-requested', reason: 'operator', by });
  }

  async #changeSettings(by: string, change: LiveChange): Promise<void> {
    const monitor = this.#options.sourceMonitor();
    if (!monitor || this.#options.state().ended) {
      throw this.#rejection('change', 'The source QEMU cannot be asked now.', 'Try again when the source answers.');
    }
    await monitor.setParameters(change);
    await this.#options.record({ kind: 'settings-changed', by, ...change });
  }

  async #beginPostCopy(by: string): Promise<void> {
    if (this.#options.state().plan.settings.postCopy !== 'allow') {
      throw this.#rejection(
        'post-copy',
        'Post-copy was not allowed when this migration was started.',
        'Migrate with --post-copy allow.',
      );
    }
    if (phaseOf(this.#options.state()).name !== 'copying') {
      throw this.#rejection(
        'post-copy',
        'Post-copy can only begin while the memory is being copied.',
        'Wait for the copy to begin.',
      );
    }
    await this.#options.record({ kind: 'post-copy-requested', by });
  }

  async #recover(by: string): Promise<void> {
    if (!this.#options.state().postCopy.entered || this.#options.state().committed) {
      throw this.#rejection(
        'recover',
        'There is no post-copy to recover.',
        'Look with `switchyard show` at what it is doing.',
      );
    }
    await this.#options.record({ kind: 'recovery-requested', by });
  }

  async #goBack(by: string): Promise<void> {
    if (!mayGoBack(this.#options.state())) {
      throw this.#rejection(
        'go-back',
        'The guest cannot be returned to the source: it has not been handed over, it may have run on the destination, or another QEMU may have received it.',
        'Look with `switchyard show` at where it is.',
      );
    }
    await this.#options.record({ kind: 'go-back-requested', by });
  }

  #rejection(event: string, text: string, remedy: string): SwitchyardError {
    return new SwitchyardError({ kind: 'rejected', phase: phaseOf(this.#options.state()).name, event, text, remedy });
  }
}
