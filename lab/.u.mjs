import { labUp, labStatus, labVerify, labDown, labLink, labList } from '#lab/lab.ts';
import { bareMove } from '#lab/bare-move.ts';
import { reenterForLab, labRights, findHolder } from '#lab/user-namespace.ts';
const [cmd] = process.argv.slice(2);
if (cmd === 'rights') {
  console.log(await labRights(), findHolder());
  process.exit(0);
}
const code = await reenterForLab([process.execPath, ...process.argv.slice(1)], { make: cmd === 'up' });
if (code !== undefined) {
  console.log('reentered', code);
  process.exit(code);
}
console.log(cmd, process.cwd(), process.getuid());
const r = await {
  up: () => labUp({ name: 'sy-u' }),
  status: () => labStatus('sy-u').then((s) => s.guest),
  verify: () => labVerify('sy-u'),
  move: () => bareMove('sy-u', { mptcp: true }),
  down: () => labDown('sy-u'),
  list: labList,
}
  [cmd]()
  .catch((e) => e.failure ?? e);
console.log(r);
