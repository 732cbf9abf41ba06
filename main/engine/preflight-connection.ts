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
