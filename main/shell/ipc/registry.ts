import { ipcMain } from 'electron';
import { bridge } from '#contract/bridge.ts';
import type { Failure } from '#contract/errors.ts';
import { failed } from '#contract/result.ts';
import type { Dispatch } from '#main/app/dispatch.ts';
import type { AppWindow } from '#main/app/face.ts';
import { isOurWindow } from '#main/shell/security/sender.ts';
import type { Windows } from '#main/shell/windows.ts';

const stranger: Failure = {
  kind: 'rejected',
  phase: 'request',
  event: 'call',
  text: 'Only the windows of Switchyard are answered.',
  remedy: 'Use the window that Switchyard has opened.',
};

/** The only place that listens to windows. Who asks is looked at before what is asked. */
export function answerWindows(windows: Windows, dispatch: Dispatch<AppWindow>): void {
  ipcMain.handle(bridge.call, async (event, name: unknown, request: unknown) => {
    const window = isOurWindow(event) ? windows.of(event.sender) : undefined;
    return window ? dispatch(name, request, window) : failed(stranger);
  });
}
