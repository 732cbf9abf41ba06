import type { Session } from 'electron';
import { isUiAddress } from './origin.ts';

/** What a page may ask Chromium for. Electron gives both handlers the same names. */
interface PermissionWish {
  readonly permission: string;
  readonly requestingUrl: string | undefined;
  readonly isMainFrame: boolean;
}

/**
 * Nothing is granted, with one exception: the copy buttons beside values may write plain text to the clipboard, which
 * Chromium otherwise grants to every page of the web. Reading it is denied like all else.
 */
export function isGranted({ permission, requestingUrl, isMainFrame }: PermissionWish): boolean {
  return (
    permission === 'clipboard-sanitized-write' &&
    isMainFrame &&
    requestingUrl !== undefined &&
    isUiAddress(requestingUrl)
  );
}

/** Without handlers Electron grants every request. Some features only check, others request: both are answered. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer, { requestingUrl, isMainFrame }) =>
    answer(isGranted({ permission, requestingUrl, isMainFrame })),
  );
  session.setPermissionCheckHandler((_contents, permission, _origin, { requestingUrl, isMainFrame }) =>
    isGranted({ permission, requestingUrl, isMainFrame }),
  );
  session.setDevicePermissionHandler(() => false);
}
