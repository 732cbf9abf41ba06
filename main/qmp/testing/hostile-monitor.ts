import { createServer, type Socket } from 'node:net';

// Program: a QMP server that means harm. Arguments: the socket's path, and what it does once it has been greeted back.
const [path = '', way = ''] = process.argv.slice(2);
const greeting = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 }, package: '' }, capabilities: [] } };
const event = '{"timestamp":{"seconds":1,"microseconds":2},"event":"RESUME"}\r\n';

const ways: Readonly<Record<string, (socket: Socket) => void>> = {
  'endless events': (socket) => flood(socket, event.repeat(1000)),
  'endless answer': (socket) => {
    socket.write('{"return":"');
    flood(socket, 'x'.repeat(1 << 16));
  },
  'expensive answers': (socket) =>
    flood(socket, `{"return":[12345678901234567890${',1'.repeat(100_000)}],"id":99}\r\n`),
  'endless brackets': (socket) => flood(socket, '{"a":['.repeat(10_000)),
  'half a line': (socket) => socket.end('{"return":{"status":"runn'),
  'half a line, then a reset': (socket) => socket.write('{"return":', () => socket.destroy()),
};

function flood(socket: Socket, text: string): void {
  while (socket.writable && socket.write(text));
  if (socket.writable) socket.once('drain', () => flood(socket, text));
}

createServer((socket) => {
  socket.on('error', () => undefined).write(`${JSON.stringify(greeting)}\r\n`);
  socket.once('data', () => {
    socket.write('{"return":{},"id":1}\r\n');
    socket.once('data', () => ways[way]?.(socket));
  });
}).listen(path, () => process.stdout.write('listening'));
