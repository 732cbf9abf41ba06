import type { ExportFormat } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';
import { ActionMenu } from './ActionMenu.tsx';
import { exportRecord } from './export-record.ts';

const formats: readonly { readonly format: ExportFormat; readonly name: string; readonly about: string }[] = [
  { format: 'html', name: 'Report (.html)', about: 'One page with charts, to be read anywhere' },
  { format: 'log', name: 'Log (.log)', about: 'What happened, in sentences with times' },
  { format: 'csv', name: 'Samples (.csv)', about: 'One row per sample and subflow' },
  { format: 'json', name: 'Record (.json)', about: 'Everything, for programs' },
];

/** The record of one migration as a file; `of` tells screen readers which. */
export function ExportMenu({ id, of }: { id: string; of: string }) {
  const services = useServices();
  return (
    <ActionMenu
      word="Export"
      label={`Export ${of}`}
      actions={formats.map(({ format, name, about }) => ({
        name,
        about,
        onAct: () => void exportRecord(services, id, format),
      }))}
    />
  );
}
