import { serveFake } from './fake-server.ts';

// `node e2e/support/fake-host/serve.ts`: the built window with a fake behind it and time running, for work on screens.
const { address, host } = await serveFake({ port: Number(process.argv[2] ?? 0) });
setInterval(() => host.advance(100), 100);
console.log(address);
