import { FakeHost } from './fake-host.ts';
import { serveFake } from './fake-server.ts';

// `node e2e/support/fake-host/serve.ts`: the built window with a fake behind it and time running, for work on screens.
const host = new FakeHost({ startEpochMs: Math.floor(Date.now() / 100) * 100 });
const { address } = await serveFake({ port: Number(process.argv[2] ?? 0), host });
setInterval(() => host.advance(100), 100);
console.log(address);
