import { Title } from '@patternfly/react-core';
import { useId, type ReactNode } from 'react';

interface PanelProps {
  readonly title: string;
  /** At the title's right: a figure, a control. */
  readonly aside?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A titled box: what a screen is made of. */
export function Panel({ title, aside, className = '', children }: PanelProps) {
  const titleId = useId();
  return (
    <section className={`sy-panel ${className}`} aria-labelledby={titleId}>
      <div className="sy-panel-head">
        <Title headingLevel="h2" size="md" id={titleId}>
          {title}
        </Title>
        {aside !== undefined && <div className="sy-panel-aside">{aside}</div>}
      </div>
      {children}
    </section>
  );
}
