import { writeFileSync } from 'node:fs';
import { toFailure } from '#contract/errors.ts';
import { labDown, labStatus, labUp, labVerify, reenterForLab } from '#lab/lab.ts';

/** A command line as small as can be, to try a lab as another user: `command.ts up|status|verify|down NAME`, answers in JSON. */
const [verb = '', name = ''] = process.argv.slice(2);

const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
  up: () => labUp({ name, guestMemoryBytes: 32 * 2 ** 20 }),
  status: () => labStatus(name),
  verify: () => labVerify(name),
  down: () => labDown(name),
};

const reentered = await reenterForLab([process.execPath, ...process.argv.slice(1)], { make: verb === 'up' });
if (reentered !== undefined) process.exit(reentered);
try {
  writeFileSync(1, `${JSON.stringify(await verbs[verb]?.())}\n`);
} catch (error) {
  writeFileSync(1, `${JSON.stringify(toFailure(error, () => 'here'))}\n`);
  process.exitCode = 1;
}
