import { join } from 'node:path';

/** For window managers that ask the window; others take the icon of the .desktop file. */
export const windowIcon = join(import.meta.dirname, 'window-icon.png');
