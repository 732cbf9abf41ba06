import type { PreflightAnswer } from '#contract/channels.ts';
import type { Plan } from '#contract/migration.ts';
import { formatDurationMs } from '#contract/units.ts';

type Forecast = PreflightAnswer['forecast']['chosen'];

const dirtyBitsPerSecond = 3.1e9;

/** All iterations as one series: each takes as long as sending what the one before it dirtied. */
function forecast(memoryBytes: number, bitsPerSecond: number, downtimeLimitMs: number): Forecast {
  const dirtyShare = (dirtyBitsPerSecond * (memoryBytes / 2 ** 36)) / bitsPerSecond;
  if (dirtyShare >= 1) return { converges: false, text: 'The guest dirties its memory faster than it can be sent.' };
  const durationMs = ((memoryBytes * 8000) / bitsPerSecond) * (1 / (1 - dirtyShare));
  const downtimeMs = Math.round(downtimeLimitMs * Math.min(1, 0.2 + dirtyShare / 3));
  return {
    durationMs,
    downtimeMs,
    converges: true,
    text: `About ${formatDurationMs(durationMs)}, downtime about ${formatDurationMs(downtimeMs)}.`,
  };
}

export function forecastOf({ guest, paths, settings }: Plan): PreflightAnswer['forecast'] {
  const speeds = paths.map(({ speedBitsPerSecond = 1e9 }) => speedBitsPerSecond * 0.962);
  const fastest = Math.max(...speeds);
  const sum = settings.mptcp === 'off' ? fastest : speeds.reduce((total, speed) => total + speed, 0);
  const memoryBytes = guest.memoryBytes ?? 2 ** 30;
  return {
    chosen: forecast(memoryBytes, sum, settings.downtimeLimitMs),
    onePath: forecast(memoryBytes, fastest, settings.downtimeLimitMs),
  };
}

export function reviewOf({ paths, settings }: Plan): PreflightAnswer['review'] {
  const capabilities = [{ capability: 'return-path', state: true }];
  const address = { type: 'inet', port: '49152', ...(settings.mptcp === 'off' ? {} : { mptcp: true }) };
  const commands: readonly [PreflightAnswer['review'][number]['side'], object][] = [
    ['destination', { execute: 'migrate-set-capabilities', arguments: { capabilities } }],
    [
      'destination',
      {
        execute: 'migrate-incoming',
        arguments: { uri: `tcp:0.0.0.0:49152,mptcp=${settings.mptcp === 'off' ? 'off' : 'on'}` },
      },
    ],
    ['source', { execute: 'migrate-set-capabilities', arguments: { capabilities } }],
    ['source', { execute: 'migrate-set-parameters', arguments: { 'downtime-limit': settings.downtimeLimitMs } }],
    ['source', { execute: 'migrate', arguments: { address: { ...address, host: paths[0]?.destinationAddress } } }],
    ['destination', { execute: 'cont' }],
    ['source', { execute: 'quit' }],
  ];
  return commands.map(([side, command]) => ({ side, command: JSON.stringify(command) }));
}
