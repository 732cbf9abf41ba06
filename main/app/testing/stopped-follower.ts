import { connect } from 'node:net';

// Program: follows a manager, reads nothing of what it says, and waits to be killed. Argument: the control socket.
const [path = ''] = process.argv.slice(2);
const socket = connect(path, () => {
  socket.pause();
  socket.write('{"command":"follow"}\n', () => process.stdout.write('following\n'));
});
// A socket that is not read keeps no process alive.
setInterval(() => undefined, 60_000);
