import { app } from './app.ts';
import { recorded } from './records.ts';
import { session } from './session.ts';

export const protocol = {
  registerSchemesAsPrivileged(schemes: readonly { readonly scheme: string; readonly privileges?: object }[]): void {
    if (app.isReady()) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    recorded.schemes.push(...schemes.map(({ scheme, privileges = {} }) => ({ scheme, privileges })));
  },
  handle: (...args: Parameters<typeof session.defaultSession.protocol.handle>): void =>
    session.defaultSession.protocol.handle(...args),
};
