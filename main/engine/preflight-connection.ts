import { askForPort, closeAgainCommand, firewallCommand, namesItsPort, reachOf } from './migration-port.ts';
import { isWildcard, type Question } from './preflight-facts.ts';

/** Whether the connection can be made in the way that was asked for. */
export const connectionQuestions: Readonly<Record<string, Question>> = {
  'socket-owner': ({ settings, waiting }) => {
    if (settings.socket === 'qemu') return undefined;
    if (settings.parallelConnections > 0) {
      return {
        text: 'Parallel connections are made by QEMU itself, and cannot be handed to it.',
        remedy: 'Leave out --parallel-connections, or migrate with --socket qemu.',
      };
    }
    if (waiting?.listens) {
      return {
        text: `${waiting.guest.name} listens already, so its end of the connection is its own.`,
        remedy: 'Start it with `-incoming defer`, or migrate with --socket qemu.',
      };
    }
    return { holds: 'Switchyard makes the connection and hands one end to each QEMU.' };
  },

  /** QEMU's own listener is ended by the first connection that is not the source's; the stream itself can be read on the way. */
  'migration-port': ({ destination, paths, listener, settings }) => {
    if (paths.length === 0) return undefined;
    const port = { destination, paths, listener };
    const { places, isPublic } = reachOf(port);
    const where = places.join(', ');
    const named = namesItsPort(listener) ? `port ${listener.port}` : 'the migration port';
    // A namespace is on this machine, and reached over links that were made for it.
    if (destination.kind === 'namespace' && !isPublic) {
      return { holds: `The stream is not encrypted; ${destination.id} can be reached on ${where}.` };
    }
    const strangers =
      settings.socket === 'app' ? 'strangers are turned away' : 'the first stranger to connect ends the migration';
    const onlyPublic = isPublic ? ', public addresses among them' : '';
    return {
      severity: 'warning',
      text: `The stream is not encrypted, and ${named} of ${destination.id} can be reached on ${where}${onlyPublic}: who sits on the way can read the guest's memory, and ${strangers}.`,
      remedy: `Migrate over links that you trust, and let only the source reach the port${
        namesItsPort(listener) ? '' : ` (with ${askForPort}, so that it is known beforehand)`
      }. Afterwards: ${closeAgainCommand(destination)}`,
      command: firewallCommand(port),
    };
  },

  'parallel-connections': ({ settings, waiting }) => {
    if (!waiting?.listens || settings.parallelConnections === 0) return undefined;
    return {
      text: `${waiting.guest.name} listens already, for one connection: it must know of parallel ones beforehand.`,
      remedy: 'Start it with `-incoming defer`, or leave out --parallel-connections.',
    };
  },

  'listener-address': ({ listener, paths, settings, destination }) => {
    const [first] = paths;
    if (!listener || !first || isWildcard(listener)) return undefined;
    if (first.destinationAddress !== listener.host) {
      return {
        text: `No path leads to ${listener.host}, where ${destination.id} is to listen.`,
        remedy: `Listen on one of ${paths.map((path) => path.destinationAddress).join(', ')}, or on all: tcp:0:PORT.`,
      };
    }
    if (paths.length === 1 || settings.mptcp === 'off') {
      return { holds: `${destination.id} listens on ${listener.host} alone.` };
    }
    // The kernel listens by itself where an endpoint announces a port, which takes one that is known beforehand.
    return settings.preparePaths && listener.port !== 0 && listener.lastPort === undefined
      ? { holds: `${destination.id} listens on ${listener.host}; its kernel takes the subflows of the other paths.` }
      : {
          severity: 'warning',
          text: `Listening on ${listener.host} alone, ${destination.id} refuses subflows to its other addresses: one of ${paths.length} paths is used.`,
          remedy: 'Listen on the wildcard (tcp:0:PORT), or on one fixed port and let Switchyard prepare the paths.',
        };
  },
};
