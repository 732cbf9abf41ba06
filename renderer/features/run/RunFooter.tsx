import { memo } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { CopyButton } from '#renderer/components/CopyButton.tsx';
import { ExportMenu } from '#renderer/components/ExportMenu.tsx';
import { dateAndTime } from '#renderer/components/words.ts';
import { Name } from '#renderer/components/Name.tsx';

export const RunFooter = memo(function RunFooter({ record }: { record: MigrationView['record'] }) {
  const { id, user, versions, startedAtEpochMs } = record;
  const [from, to] = [versions['sourceQemu'], versions['destinationQemu']];
  return (
    <footer className="sy-panel sy-run-foot">
      <span className="sy-subtle">
        Migration {id} <CopyButton text={id} label="Copy the id" /> · started by <Name of={user} />,{' '}
        {dateAndTime(startedAtEpochMs)}
        {from !== undefined && to !== undefined && ` · QEMU ${from === to ? from : `${from} → ${to}`}`}
      </span>
      <ExportMenu id={id} of="this migration" />
    </footer>
  );
});
