import type { Host } from '#contract/channels.ts';
import type { Readable } from '#renderer/stores/readable.ts';

/** `lost`: calls wait a little and then fail; what runs continues without the window. */
export type LinkState = 'connecting' | 'open' | 'lost';

/** A window's line to the process that owns the truth, whichever kind it is. */
export interface Connection {
  readonly host: Host;
  readonly link: Readable<LinkState>;
  /**
   * Calls `listener` now if the line is open, and after each time that it opens again. Events may have been missed
   * before: what keeps a copy of main's state asks for it again then.
   */
  onOpen(listener: () => void): () => void;
}
