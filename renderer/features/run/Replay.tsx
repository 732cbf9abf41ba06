import { Button, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import type { MigrationView } from '#contract/channels.ts';
import { PauseIcon, PlayIcon } from '#renderer/components/icons.ts';
import { clockOf } from '#renderer/components/words.ts';

interface ReplayProps {
  readonly record: MigrationView['record'];
  readonly position: number | undefined;
  readonly onPosition: (position: number | undefined) => void;
}

const stepMs = 100;
const speeds = [1, 4, 16] as const;

/** Moves through an ended run: charts, tables and figures show the moment that is chosen. */
export function Replay({ record, position, onPosition }: ReplayProps) {
  const from = record.startedAtEpochMs;
  const to = record.endedAtEpochMs ?? from;
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(1);
  const at = position ?? to;

  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => {
      const next = at + stepMs * speed;
      onPosition(next >= to ? undefined : next);
      if (next >= to) setPlaying(false);
    }, stepMs);
    return () => clearTimeout(timer);
  }, [playing, at, speed, to, onPosition]);

  return (
    <div className="sy-replay">
      <Button
        variant="plain"
        aria-label={playing ? 'Pause the replay' : 'Replay'}
        icon={playing ? <PauseIcon /> : <PlayIcon />}
        onClick={() => {
          if (!playing && position === undefined) onPosition(from);
          setPlaying(!playing);
        }}
      />
      <input
        type="range"
        className="sy-scrubber"
        aria-label="Moment of the run"
        aria-valuetext={`${clockOf(at - from)} of ${clockOf(to - from)}`}
        min={from}
        max={to}
        step={stepMs}
        value={at}
        onChange={(event) => {
          const chosen = Number(event.target.value);
          onPosition(chosen >= to ? undefined : chosen);
        }}
      />
      <span className="sy-replay-time">
        {clockOf(at - from)} / {clockOf(to - from)}
      </span>
      <ToggleGroup aria-label="Speed of the replay" isCompact>
        {speeds.map((one) => (
          <ToggleGroupItem key={one} text={`${one}×`} isSelected={one === speed} onChange={() => setSpeed(one)} />
        ))}
      </ToggleGroup>
    </div>
  );
}
