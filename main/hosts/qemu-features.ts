import { statSync } from 'node:fs';
import type { QemuFeatures } from '#main/qmp/features.ts';

const known = new Map<string, Promise<QemuFeatures>>();

/**
 * What a QEMU program can do depends on the program alone, and to ask takes some 30 ms: asked once for each version
 * of the file and each user whose process answers. A user has their own process answer what they like (LD_PRELOAD), and that
 * must be believed of nobody else's. `executable` may be `/proc/PID/exe`, which leads to what that process runs also when an
 * upgrade has replaced it.
 */
export async function featuresOf(
  executable: string,
  answeringUid: number | undefined,
  ask: () => Promise<QemuFeatures>,
): Promise<QemuFeatures> {
  const key = `${answeringUid ?? 'unknown'} ${versionOf(executable)}`;
  const asked = known.get(key) ?? ask();
  known.set(key, asked);
  try {
    return await asked;
  } catch (thrown) {
    known.delete(key);
    throw thrown;
  }
}

function versionOf(executable: string): string {
  try {
    const { dev, ino, size, mtimeMs } = statSync(executable);
    return `${dev}:${ino} ${size} ${mtimeMs}`;
  } catch {
    // Another user's process, or one that has ended: its path is all we have.
    return executable;
  }
}
