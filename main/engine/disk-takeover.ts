import type { QemuIdentity } from '#contract/host.ts';
import type { Plan } from '#contract/migration.ts';
import type { Finding } from '#main/likeness/finding.ts';
import { diskRefusals, type OpenImage } from '#main/likeness/open-image.ts';
import type { MigrationHost, Qemu } from './ports.ts';

/** What the source has open for its disks, and why the destination would not get it. */
export interface DiskLook {
  readonly images: readonly OpenImage[];
  /** Without what the operator has accepted. */
  readonly findings: readonly Finding[];
}

/** Asks, for what the source has open at this moment, whether the destination's QEMU would get it. */
export async function lookAtDisks(
  { settings: { accepted } }: Plan,
  host: Pick<MigrationHost, 'disksCanBeTaken'>,
  source: Pick<Qemu, 'identity' | 'images'>,
  opener: QemuIdentity,
): Promise<DiskLook> {
  const images = await source.images();
  const findings = await host.disksCanBeTaken({ opener, own: [source.identity, opener], images });
  const passedOver = diskRefusals.filter(({ id, acceptable }) => acceptable && accepted.includes(id));
  return { images, findings: findings.filter(({ row }) => !passedOver.some(({ id }) => id === row)) };
}
