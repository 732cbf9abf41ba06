import type { Host } from '#main/hosts/host.ts';

/** A host that is on no machine: it can do what the test gives it, and nothing else. */
export function fakeHost(able: Partial<Host> & Pick<Host, 'id'>): Host {
  return {
    facts: unable,
    unansweredNeighbours: unable,
    portCounters: unable,
    guests: unable,
    attach: unable,
    presence: unable,
    announceMigration: unable,
    managersOf: async () => ({ migrationIds: [], monitors: 'free' }),
    startDestination: unable,
    foreseeDestination: unable,
    disksCanBeTaken: unable,
    listenOwned: unable,
    connectOwned: unable,
    listenForProbe: unable,
    connectForProbe: unable,
    answerTrials: unable,
    tryPath: unable,
    hangUp: unable,
    findDestination: unable,
    output: unable,
    terminate: unable,
    tidy: unable,
    sampler: unable,
    makeRoomAtListener: unable,
    connectionEnds: unable,
    hasAddress: unable,
    routes: unable,
    changePathManager: unable,
    restorePathManager: unable,
    changePath: unable,
    closeSubflows: unable,
    askNeighboursAnew: unable,
    watchCallers: unable,
    watchLinks: unable,
    changeMptcp: unable,
    dirtyRate: unable,
    rehearse: unable,
    ...able,
  };
}

function unable(): never {
  throw new TypeError('this host was not made for that');
}
