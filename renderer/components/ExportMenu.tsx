import type { ExportFormat } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';
import { ActionMenu, type MenuAction } from './ActionMenu.tsx';
import { exportRecord } from './export-record.ts';

const formats: readonly { readonly format: ExportFormat; readonly name: string; readonly about: string }[] = [
  { format: 'html', name: 'Export the report (.html)', about: 'One page with charts, to be read anywhere' },
  { format: 'log', name: 'Export the log (.log)', about: 'What happened, in sentences with times' },
  { format: 'csv', name: 'Export the samples (.csv)', about: 'One row per sample and subflow' },
  { format: 'json', name: 'Export the record (.json)', about: 'Everything, for programs' },
];

/** One action a format. */
export function useExports(id: string): MenuAction[] {
  const services = useServices();
  return formats.map(({ format, name, about }) => ({
    name,
    about,
    onAct: () => void exportRecord(services, id, format),
  }));
}

/** The record of one migration as a file; `of` names it to screen readers. */
export function ExportMenu({ id, of }: { id: string; of: string }) {
  return <ActionMenu word="Export" label={`Export ${of}`} actions={useExports(id)} />;
}
