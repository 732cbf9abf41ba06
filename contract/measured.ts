import { agoOf } from './ago.ts';
import type { PathProbe } from './probe.ts';
import { formatBitsPerSecond, type Milliseconds } from './units.ts';

/** `measured 3 min ago: 951 Mbit/s, RTT 0.2 ms`; what is stale says so first. */
export function measuredInWords(probe: PathProbe, nowEpochMs: Milliseconds): string {
  const { capacityBitsPerSecond, capacityIsLeast, rttMs, protocol, joined, reach, fullSizePackets, stale } = probe;
  const found =
    reach === 'answered'
      ? [
          ...(capacityBitsPerSecond === undefined
            ? []
            : [`${capacityIsLeast ? 'at least ' : ''}${formatBitsPerSecond(capacityBitsPerSecond)}`]),
          ...(rttMs === undefined ? [] : [`RTT ${rttMs < 10 ? rttMs.toFixed(1) : Math.round(rttMs)} ms`]),
          ...(fullSizePackets === 'lost' ? ['full-size packets are lost'] : []),
          ...(joined || protocol === undefined ? [] : ['did not join']),
        ]
      : ['no connection'];
  const when = `measured ${agoOf(nowEpochMs - probe.atEpochMs)}`;
  const counts = stale === undefined ? when : `${when}, ${stale === 'old' ? 'too old' : 'changed since'}`;
  return `${counts}: ${found.join(', ')}`;
}
