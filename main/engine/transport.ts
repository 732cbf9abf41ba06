import type { MigrationSettings } from '#contract/migration.ts';
import { AppTransport } from './app-transport.ts';
import { QemuTransport } from './qemu-transport.ts';
import type { Transport } from './step-context.ts';

export function transportFor({ socket }: Pick<MigrationSettings, 'socket'>): Transport {
  return socket === 'app' ? new AppTransport() : new QemuTransport();
}
