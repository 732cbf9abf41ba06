import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultSettings, type MigrationSettings } from '#contract/migration.ts';
import { SwitchyardError } from '#contract/errors.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import { untilWalking, startQemu } from '#lab/guest/start.ts';
import { labDown, labUp, type LabOptions } from '#lab/lab.ts';
import { labNames, type LabNames } from '#lab/names.ts';
import { Application } from '#main/app/application.ts';
import { hasCode } from '#main/storage/file-failure.ts';
import { migrationPaths, migrationsDirectory } from '#main/storage/paths.ts';
import { readMigrationWithoutSamples } from '#main/storage/stored-migration.ts';
import { backDoorArguments } from './back-door.ts';
import { belongings, type Premises } from './belongings.ts';
import { switchyard } from './command.ts';
import { CopyFinder, lookAt, type Copy } from './copies.ts';
import { readMemory, type Memory } from './memory.ts';
import type { Fate } from './mortal-manager.ts';
import { Network } from './network.ts';
import { RunningCopies } from './running-copies.ts';
import { Story } from './story.ts';

export type StageOptions = Omit<LabOptions, 'name'>;

/** What is asked for, besides going to the other host. */
export interface Wish {
  readonly settings?: Partial<MigrationSettings>;
  readonly request?: Partial<Omit<MigrationRequest, 'settings'>>;
}

/** How things were before a story began. */
export interface Before {
  readonly copies: readonly Copy[];
  readonly belongings: readonly string[];
  /** Absent where the guest was nowhere. */
  readonly memory: Memory | undefined;
}

/** A migration that a command line manages. */
export interface Commanded {
  readonly process: ChildProcess;
  readonly before: Before;
  /** Once its plan is on disk. */
  readonly id: () => string | undefined;
}

const mebibyte = 2 ** 20;
let stages = 0;

/**
 * A lab with a small guest that has a back door, an application with folders of its own, and the watch over running copies.
 * A migration on it is a story.
 */
export class Stage implements AsyncDisposable {
  readonly names: LabNames;
  readonly network: Network;
  readonly premises: Premises;
  readonly environment: NodeJS.ProcessEnv;
  readonly application: Application;
  readonly #folder: string;
  readonly #watch: RunningCopies;
  readonly #finder: CopyFinder;
  /** Of the guest's first QEMU: with these it is started again where a story has ended it. */
  readonly #first: Copy;
  #distrusted = false;

  static async make(lab: StageOptions = {}): Promise<Stage> {
    stages += 1;
    const names = labNames(`sy-${process.pid}-${stages}`);
    const folder = mkdtempSync(join(tmpdir(), 'sy-'));
    const options = {
      linkRatesBitsPerSecond: [200e6, 200e6],
      guestMemoryBytes: 64 * mebibyte,
      guestWalkBytes: 24 * mebibyte,
      ...lab,
    };
    try {
      const guestArguments = [...backDoorArguments(folder), ...(lab.guestArguments ?? [])];
      await labUp({ ...options, name: names.lab, guestArguments });
      return new Stage(names, options.linkRatesBitsPerSecond.length, folder);
    } catch (thrown) {
      await labDown(names.lab);
      rmSync(folder, { recursive: true, force: true });
      throw thrown;
    }
  }

  private constructor(names: LabNames, links: number, folder: string) {
    const { source, destination } = names;
    const [state, runtime] = [join(folder, 'state'), join(folder, 'run')];
    this.names = names;
    this.network = new Network(names, links);
    this.premises = { hosts: [source, destination], state, runtime };
    this.environment = { ...process.env, SWITCHYARD_STATE_DIR: state, SWITCHYARD_RUNTIME_DIR: runtime };
    this.application = this.anotherApplication();
    this.#folder = folder;
    this.#watch = new RunningCopies(names.guest, this.premises.hosts);
    this.#finder = new CopyFinder(names.guest, this.premises.hosts);
    const [first] = this.copies();
    if (!first) throw new Error(`the guest of ${names.lab} is not there`);
    this.#first = first;
  }

  /** As a second process of the same user would have it. */
  anotherApplication(): Application {
    return new Application({ version: '0.0.0', environment: this.environment });
  }

  copies(): readonly Copy[] {
    return this.#finder.find();
  }

  onlyCopy(): Copy {
    const [only, ...others] = this.copies();
    if (!only || others.length > 0) throw new Error('there is not exactly one copy of the guest');
    return only;
  }

  copyWith(pid: number): Copy {
    const found = this.copies().find((copy) => copy.pid === pid);
    if (!found) throw new Error(`process ${pid} is no copy of the guest`);
    return found;
  }

  /** What the watch over running copies has to say. */
  get violations(): readonly string[] {
    return this.#watch.violations;
  }

  /** A little longer, before anything is judged or put right. */
  watchOn(): Promise<void> {
    return this.#watch.looksOn();
  }

  /** `others` are copies that have been there: what a QEMU leaves that was killed is its own. */
  belongings(others: readonly Copy[] = []): Promise<readonly string[]> {
    return belongings(this.premises, [...this.copies(), ...others]);
  }

  /** Of the one copy that is there; `undefined` when there is none. */
  async memory(): Promise<Memory | undefined> {
    const [only, ...others] = this.copies();
    if (others.length > 0) return { proven: false, reason: 'there are several copies' };
    try {
      return only && (await readMemory(only, join(this.#folder, 'memory.bin')));
    } catch (thrown) {
      // A QEMU that does not answer is a finding beside others.
      if (!(thrown instanceof SwitchyardError)) throw thrown;
      return { proven: false, reason: thrown.failure.text };
    }
  }

  /** To the other host, wherever the guest is; while it is being moved the request has to say from where to where. */
  request({ settings = {}, request = {} }: Wish = {}): MigrationRequest {
    const from = request.from ?? this.onlyCopy().host;
    const to = this.premises.hosts.find((host) => host !== from) ?? '';
    return { guest: this.names.guest, from, to, ...request, settings: { ...defaultSettings, ...settings } };
  }

  /** What a test has proven at its end, the next one finds; a TCG that loses the kick by which it is to stop is started again. */
  async before(): Promise<Before> {
    let memory = await this.memory();
    if (!memory?.proven) {
      await this.#startAnew();
      memory = await this.memory();
    }
    const copies = this.copies();
    return { copies, belongings: await this.belongings(), memory };
  }

  /** Starts a migration, whose manager is this process. */
  async begin(wish: Wish = {}): Promise<Story> {
    await this.settle();
    const before = await this.before();
    const started = await this.application.start(this.request(wish));
    if (started.kind === 'refused') throw new Error(started.refusals.map(({ text }) => text).join(' '));
    const story = new Story(this, started.plan, before);
    story.goOn(started.migration);
    return story;
  }

  /** The same, but its manager is another process, which dies at the moment that was set; resolves when it is dead. */
  async beginMortally(fate: Fate, wish: Wish = {}): Promise<Story> {
    await this.settle();
    const before = await this.before();
    const id = await this.#runMortalManager(JSON.stringify(this.request(wish)), JSON.stringify(fate));
    return this.storyOf(id, before);
  }

  /** The same, but its manager is `switchyard migrate`; resolves at once. */
  async beginByCommand({ settings = {} }: Pick<Wish, 'settings'> = {}): Promise<Commanded> {
    await this.settle();
    const before = await this.before();
    const known = new Set(this.#ids());
    const { guest, from, to } = this.request();
    const { bandwidthBitsPerSecond = 0, stallLimitMs = defaultSettings.stallLimitMs } = settings;
    const limits = ['--bandwidth', `${bandwidthBitsPerSecond / 1e6}mbit`, '--stall-limit', `${stallLimitMs}ms`];
    const process = switchyard(['migrate', guest, '--from', from, '--to', to, ...limits, '--json'], this.environment);
    return { process, before, id: () => this.#ids().find((id) => !known.has(id) && this.#hasPlan(id)) };
  }

  /** What is known of a migration from its journal; the story has no manager yet. */
  async storyOf(id: string, before: Before): Promise<Story> {
    const { entries } = await readMigrationWithoutSamples(this.premises.state, id);
    const event = entries[0]?.event;
    if (event?.kind !== 'planned') throw new Error('its manager died before it had written its plan');
    return new Story(this, event.plan, before, entries);
  }

  /** Before it there is nothing to be taken up. */
  #hasPlan(id: string): boolean {
    const { journal } = migrationPaths(this.premises.state, id);
    return existsSync(journal) && readFileSync(journal, 'utf8').includes('\n');
  }

  #ids(): readonly string[] {
    const folder = migrationsDirectory(this.premises.state);
    return existsSync(folder) ? readdirSync(folder) : [];
  }

  async #runMortalManager(...args: readonly string[]): Promise<string> {
    const program = join(import.meta.dirname, 'mortal-manager.ts');
    const child = spawn(process.execPath, [program, ...args], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [said, complained, [, signal]] = await Promise.all([
      readText(child.stdout),
      readText(child.stderr),
      once(child, 'close'),
    ]);
    if (signal !== 'SIGKILL') throw new Error(complained);
    return said;
  }

  /** Asks for what must not be begun; resolves with the sentences that say why. */
  async refusal(wish: Wish = {}, application: Application = this.application): Promise<string> {
    try {
      const started = await application.start(this.request(wish));
      if (started.kind === 'refused') return started.refusals.map(({ text }) => text).join(' ');
      await started.migration.ask({ command: 'cancel', by: 'test' });
      await started.migration.ended;
    } catch (thrown) {
      if (thrown instanceof SwitchyardError) return thrown.failure.text;
      throw thrown;
    }
    throw new Error('it was not refused');
  }

  /** Puts right what a test has left that failed in the middle, so that the next one fails for its own reasons alone. */
  async settle(): Promise<void> {
    this.network.restore();
    const copies = this.copies();
    if (this.#distrusted || copies.length !== 1 || !(await canBeMigrated(copies))) await this.#startAnew();
  }

  /** A QEMU that did not migrate when it should have is left to no other test. */
  distrust(): void {
    this.#distrusted = true;
  }

  async #startAnew(): Promise<void> {
    this.#distrusted = false;
    for (const { pid } of this.copies()) await this.remove(pid);
    this.#watch.forgive();
    await this.restartGuest();
  }

  /** Ends a copy of the guest, as an operator would by hand; it may end by itself meanwhile. */
  async remove(pid: number): Promise<void> {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      if (!hasCode(thrown, 'ESRCH')) throw thrown;
    }
    while (this.copies().some((copy) => copy.pid === pid)) await sleep(10);
  }

  /** The guest from its disks, after it has been lost. */
  async restartGuest(): Promise<void> {
    const { argv, host, serialPath } = this.#first;
    const output = join(this.#folder, 'restarted.log');
    rmSync(serialPath, { force: true });
    await untilWalking(await startQemu({ argv, namespace: host, output }), serialPath, output);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await labDown(this.names.lab);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function canBeMigrated([copy]: readonly Copy[]): Promise<boolean> {
  const { run } = copy ? await lookAt(copy) : { run: 'nowhere' };
  return run === 'running' || run === 'paused';
}
