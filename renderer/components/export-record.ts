import type { ExportFormat } from '#contract/channels.ts';
import type { Services } from '#renderer/app/services.ts';

/** Main writes the file where it has a save dialog; else it hands the text over, and the browser downloads it. */
export async function exportRecord({ ask, notices }: Services, id: string, format: ExportFormat): Promise<void> {
  const answer = await ask('migration.export', { id, format });
  if (!answer || answer.kind === 'dismissed') return;
  if (answer.kind === 'content') download(answer);
  notices.succeed(`Exported ${answer.fileName}.`);
}

function download({ fileName, mediaType, text }: { fileName: string; mediaType: string; text: string }): void {
  const address = URL.createObjectURL(new Blob([text], { type: mediaType }));
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(address);
}
