import { join } from 'node:path';
import { createVitest, type TestSpecification, type Vitest } from 'vitest/node';

/** Runs the same tests again and again, each time on another text of one file, which on disk stays as it is. */
export class TestBench {
  readonly #vitest: Vitest;
  readonly #path: string;
  readonly #tests: readonly TestSpecification[];
  readonly #serve: (text: string) => void;

  private constructor(
    vitest: Vitest,
    path: string,
    tests: readonly TestSpecification[],
    serve: (text: string) => void,
  ) {
    this.#vitest = vitest;
    this.#path = path;
    this.#tests = tests;
    this.#serve = serve;
  }

  static async open(root: string, file: string, tests: readonly string[]): Promise<TestBench> {
    const path = join(root, file);
    let served: string | undefined;
    const load = (id: string): string | undefined => (id === path ? served : undefined);
    const vitest = await createVitest(
      // One failure is enough, and one worker at a time leaves the machine to others.
      {
        config: false,
        root,
        include: [...tests],
        watch: false,
        reporters: [{}],
        bail: 1,
        isolate: false,
        maxWorkers: 1,
        fsModuleCache: false,
      },
      { plugins: [{ name: 'mutant', enforce: 'pre', load }] },
    );
    await vitest.standalone();
    return new TestBench(vitest, path, await vitest.globTestSpecifications(), (text) => (served = text));
  }

  async notices(text: string): Promise<boolean> {
    this.#serve(text);
    this.#vitest.invalidateFile(this.#path);
    const { testModules, unhandledErrors } = await this.#vitest.runTestSpecifications([...this.#tests]);
    return unhandledErrors.length > 0 || testModules.length === 0 || testModules.some((module) => !module.ok());
  }

  async close(): Promise<void> {
    await this.#vitest.close();
  }
}
