import type { IpcMainInvokeEvent } from 'electron';
import { uiOrigin } from './origin.ts';

/**
 * Who is asking: a message counts only when it comes from the main frame of a window of ours, and that frame shows our
 * own content. A frame inside the page, a frame that has navigated or gone, and the contents of anything that is not a
 * window are strangers. An address that is missing or empty is no proof either.
 */
export function isOurWindow({ sender, senderFrame }: Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>): boolean {
  return (
    senderFrame !== null &&
    !senderFrame.isDestroyed() &&
    senderFrame.parent === null &&
    senderFrame.frameTreeNodeId === sender.mainFrame.frameTreeNodeId &&
    senderFrame.origin === uiOrigin
  );
}
