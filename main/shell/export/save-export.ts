import { basename, join } from 'node:path';
import { app, dialog, type BrowserWindow } from 'electron';
import type { ExportedFile, Saved } from '#main/app/face.ts';
import { writePrivateFile } from './write-private-file.ts';

/** Asks where to, and writes the file there. The page names no path and learns none. */
export async function saveExport({ fileName, text }: ExportedFile, window: BrowserWindow): Promise<Saved> {
  const { canceled, filePath } = await dialog.showSaveDialog(window, {
    title: 'Export the record',
    defaultPath: join(app.getPath('documents'), fileName),
    properties: ['createDirectory', 'showOverwriteConfirmation'],
  });
  if (canceled || filePath === '') return { kind: 'dismissed' };
  await writePrivateFile(filePath, text);
  return { kind: 'saved', fileName: basename(filePath) };
}
