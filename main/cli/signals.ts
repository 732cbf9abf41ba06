export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGTSTP';

/** The process's signals, so that tests can send them without dying. */
export interface Signals {
  /** The listener takes the place of what the signal does by default; the function returned gives that back. */
  on(signal: SignalName, listener: () => void): () => void;
}

export const processSignals: Signals = {
  on: (signal, listener) => {
    process.on(signal, listener);
    return () => process.off(signal, listener);
  },
};
