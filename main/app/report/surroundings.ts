import { arch, release, version as kernelVersion } from 'node:os';

/** What a fault may depend on beside the migration: versions, the machine, and the variables that concern us. */
export function surroundings(version: string, epochMs: number, environment: NodeJS.ProcessEnv): object {
  const own = Object.entries(environment).filter(([name]) => /^(?:SWITCHYARD_|XDG_(?:STATE|RUNTIME)_)/.test(name));
  return {
    collectedAt: new Date(epochMs).toISOString(),
    switchyard: version,
    node: process.version,
    kernel: `${release()} ${kernelVersion()}`,
    architecture: arch(),
    uid: process.geteuid?.(),
    environment: own.map(([name, value = '']) => ({ text: `${name}=${value}` })),
  };
}
