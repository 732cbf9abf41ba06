import { Switch } from '@patternfly/react-core';
import { memo, useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { isoTime } from '#contract/iso-time.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import { ScrollRegion } from '#renderer/components/ScrollRegion.tsx';
import { timeOfDay } from '#renderer/components/words.ts';

type Events = MigrationView['record']['events'];

/** The journal notes each step's intent and every look at both sides: for the details. */
const details = new Set(['intended', 'observed', 'output-kept']);
const bad = new Set([
  'failed',
  'link-lost',
  'links-unwatched',
  'subflow-lost',
  'stalled',
  'sampling-failed',
  'path-change-failed',
  'stranger-connected',
  'peer-foreign',
]);
const good = new Set(['link-back', 'subflow-back', 'peer-proven', 'committed']);

/** What happened, in sentences, newest first. */
export const EventsPanel = memo(function EventsPanel({ events }: { events: Events }) {
  const [detailed, setDetailed] = useState(false);
  const shown = events.filter(({ kind }) => detailed || !details.has(kind)).toReversed();
  return (
    <Panel
      title="Events"
      aside={
        <Switch
          id="event-details"
          label="Details"
          isReversed
          isChecked={detailed}
          onChange={(_event, checked) => setDetailed(checked)}
        />
      }
    >
      <ScrollRegion label="Events, newest first" className="sy-events">
        <ol aria-live="polite">
          {shown.map(({ atEpochMs, kind, text }, index) => (
            <li
              key={events.length - index}
              className={bad.has(kind) ? 'sy-danger' : good.has(kind) ? 'sy-success' : ''}
            >
              <time dateTime={isoTime(atEpochMs)}>{timeOfDay(atEpochMs)}</time>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      </ScrollRegion>
    </Panel>
  );
});
