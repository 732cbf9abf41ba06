import { Title } from '@patternfly/react-core';
import type { ReactNode } from 'react';

export function ScreenTitle({ name, about, actions }: { name: string; about?: string; actions?: ReactNode }) {
  return (
    <div className="sy-screen-title">
      <div>
        <Title headingLevel="h1" size="xl">
          {name}
        </Title>
        {about !== undefined && <p className="sy-subtle">{about}</p>}
      </div>
      {actions !== undefined && <div className="sy-actions">{actions}</div>}
    </div>
  );
}
