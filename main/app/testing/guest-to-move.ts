import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings } from '#contract/default-settings.ts';
import type { MigrationSettings } from '#contract/migration.ts';
import { Application } from '#main/app/application.ts';
import { GuestAndTwin, type Image } from '#main/hosts/carry-over/testing/guest-and-twin.ts';
import { TwoHosts } from '#main/hosts/testing/two-hosts.ts';
import { QmpClient } from '#main/qmp/client.ts';

/** A real guest called `web` on the first of two hosts, and the application that moves it to the second. */
export class GuestToMove implements AsyncDisposable {
  readonly hosts: TwoHosts;
  readonly #application: Application;

  static async make(): Promise<GuestToMove> {
    return new GuestToMove(await TwoHosts.make());
  }

  private constructor(hosts: TwoHosts) {
    this.hosts = hosts;
    const environment = {
      ...process.env,
      SWITCHYARD_STATE_DIR: join(hosts.folder, 'state'),
      SWITCHYARD_RUNTIME_DIR: join(hosts.folder, 'runtime'),
    };
    this.#application = new Application({ version: '0.0.0', environment });
  }

  /** Where the guest runs; relative paths of its command line mean this folder. */
  get folder(): string {
    return this.hosts.folder;
  }

  async makeImages(...images: readonly Image[]): Promise<void> {
    await using maker = new GuestAndTwin(this.folder);
    await maker.makeImages(...images);
  }

  async start(images: readonly Image[], args: readonly string[]): Promise<void> {
    if (images.length > 0) await this.makeImages(...images);
    await this.hosts.startGuest('web', ...args);
  }

  /** Says something to the monitor of the guest, or of the QEMU that it is in now. */
  async at<Answer>(side: 0 | 1, ask: (client: QmpClient) => Promise<Answer>): Promise<Answer> {
    const host = side === 0 ? this.hosts.source : this.hosts.destination;
    const guest = (await host.guests()).find(({ name }) => name === 'web');
    const owners = { ownerUids: [0, guest?.user?.uid ?? 0] };
    await using client = await QmpClient.connect({ path: guest?.monitorPath ?? '' }, owners);
    return await ask(client);
  }

  /** `done-on-destination`, another outcome with its cause, or what refuses it. */
  async move(settings: Partial<MigrationSettings> = {}): Promise<string> {
    const [from, to] = this.hosts.names;
    const request = { guest: 'web', from, to, settings: { ...defaultSettings, ...settings } };
    const started = await this.#application.start(request);
    if (started.kind === 'refused') {
      return `refused: ${started.refusals.map(({ id, text }) => `${id}: ${text}`).join(' ')}`;
    }
    await started.migration.ended;
    const { outcome, explanation } = await this.#application.record(started.migration.id);
    return explanation ? `${outcome}: ${explanation.cause}` : (outcome ?? 'none');
  }

  /** A digest of all its memory (`pmemsave`); comparable while the guest is paused. */
  async memory(side: 0 | 1, bytes: number): Promise<string> {
    const path = join(this.folder, `memory-${side}`);
    await this.at(side, (client) => client.executeRaw('pmemsave', { val: 0, size: bytes, filename: path }));
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    rmSync(path);
    return digest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hosts[Symbol.asyncDispose]();
  }
}
