import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import type { MigrationRequest } from '#contract/requests.ts';
import { defaultSettings } from '#contract/default-settings.ts';
import type { FakeHost } from './fake-host/fake-host.ts';
import { serveFake, type FakeServer } from './fake-host/fake-server.ts';

export type Theme = 'light' | 'dark';

/** An operator in front of the built window, behind which there is a fake. Time moves when the test says so. */
export class Visitor implements AsyncDisposable {
  readonly page: Page;
  readonly host: FakeHost;
  readonly #server: FakeServer;
  readonly #complaints: string[];

  private constructor(page: Page, server: FakeServer, complaints: string[]) {
    this.page = page;
    this.host = server.host;
    this.#server = server;
    this.#complaints = complaints;
  }

  static async enter(browser: Browser, theme: Theme): Promise<Visitor> {
    const server = await serveFake();
    const context = await browser.newContext({
      viewport: { width: 1440, height: 980 },
      colorScheme: theme,
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    await page.exposeFunction('switchyardTestComplains', (text: string) => complaints.push(text));
    await page.addInitScript({ content: tellViolations });
    const visitor = new Visitor(page, server, complaints);
    await visitor.setClock();
    await visitor.go('migrate');
    return visitor;
  }

  async go(place: string): Promise<void> {
    await this.page.goto(`${this.#server.address}#/${place}`);
  }

  /** The window's clock says what the fake's does; its timers run as ever. */
  setClock(): Promise<void> {
    return this.page.clock.setFixedTime(this.host.nowEpochMs);
  }

  /** In steps small enough for the window to follow, as it would. */
  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.host.advance(stepMs);
      await this.page.evaluate('new Promise((painted) => requestAnimationFrame(() => setTimeout(painted, 0)))');
    }
    await this.setClock();
  }

  breakLine(): void {
    this.#server.breakLines();
  }

  /** What the browser has objected to: errors, warnings, violations of the content security policy. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Everything that axe calls serious or critical, with where it is. */
  async barriers(): Promise<string[]> {
    await this.page.evaluate(axeSource);
    return this.page.evaluate(async (): Promise<string[]> => {
      const { violations } = await Reflect.get(globalThis, 'axe').run();
      return violations
        .filter(({ impact }: { impact: string }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }: { id: string; nodes: { html: string }[] }) =>
          nodes.map(({ html }) => `${id}: ${html}`),
        );
    });
  }

  /** Into out/screenshots, to be looked at. */
  async picture(name: string): Promise<void> {
    mkdirSync('out/screenshots', { recursive: true });
    await this.page.screenshot({ path: `out/screenshots/${name}.png`, animations: 'disabled' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
    await this.#server[Symbol.asyncDispose]();
  }
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const tellViolations = `addEventListener('securitypolicyviolation', (event) =>
  switchyardTestComplains(event.violatedDirective + ' forbids ' + event.blockedURI));`;

/** The move that most tests use. */
export function move(changes: Partial<MigrationRequest['settings']> = {}): MigrationRequest {
  return { guest: 'db-primary', from: 'hv-03', to: 'hv-07', settings: { ...defaultSettings, ...changes } };
}
