import type { ReactNode } from 'react';

/** One figure with its name over it. */
export function Metric({ name, value, note }: { name: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className="sy-metric">
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && <span className="sy-metric-note">{note}</span>}
      </dd>
    </div>
  );
}

export function Metrics({ children, label }: { children: ReactNode; label: string }) {
  return (
    <dl className="sy-metrics" aria-label={label}>
      {children}
    </dl>
  );
}
