import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { invalidRequest } from '#contract/errors.ts';
import { findCopies } from './copies.ts';
import { labDown } from './down.ts';
import { guestCommandLine } from './guest/command-line.ts';
import { bootSectorFor } from './guest/image.ts';
import { startQemu, untilWalking } from './guest/start.ts';
import { claimLab, furnishLab, nameTaken, namespaceExists } from './host-namespaces.ts';
import type { LabNames } from './names.ts';
import { planLab, type LabOptions, type LabPlan } from './options.ts';
import { labFiles, makeOwnDirectory, type LabFiles } from './runtime-directory.ts';
import { labStatus, type LabStatus } from './status.ts';

/**
 * Makes two hosts, joins them and starts the guest on the first; resolves when the guest walks. What it made is gone
 * again when it rejects. Needs the right to make network namespaces: see user-namespace.ts for who has it.
 */
export async function labUp(options: LabOptions = {}): Promise<LabStatus> {
  const plan = planLab(options);
  const files = labFiles(plan.names.lab);
  await refuseRemains(plan.names, files);
  await claimLab(plan.names, files.directory);
  try {
    await makeOwnDirectory(files.directory);
    await furnishLab(plan, files.directory);
    await startGuest(plan, files);
  } catch (error) {
    await labDown(plan.names.lab);
    throw error;
  }
  return labStatus(plan.names.lab);
}

async function refuseRemains(names: LabNames, files: LabFiles): Promise<void> {
  if (await namespaceExists(names.source)) throw await nameTaken(names);
  if ((await findCopies(names, files.image)).length === 0) return;
  throw invalidRequest(
    `A guest of a lab called "${names.lab}" is still running.`,
    `Remove it with \`lab down --name ${names.lab}\`, or choose another --name.`,
    'name',
  );
}

async function startGuest(plan: LabPlan, files: LabFiles): Promise<void> {
  await writeFile(files.image, bootSectorFor(plan.walk), { mode: 0o400 });
  const argv = guestCommandLine({
    name: plan.names.guest,
    uuid: randomUUID(),
    memoryBytes: plan.guestMemoryBytes,
    ...files,
  });
  const qemu = await startQemu({
    argv: [...argv, ...plan.guestArguments],
    namespace: plan.names.source,
    output: files.output,
  });
  await untilWalking(qemu, files.serial, files.output);
}
