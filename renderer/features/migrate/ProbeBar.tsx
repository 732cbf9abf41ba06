import { Button, Spinner } from '@patternfly/react-core';
import type { Preflight } from './use-preflight.ts';

/** Measures the paths on request, and says beforehand what guests feel of it. */
export function ProbeBar({ preflight }: { readonly preflight: Preflight }) {
  const count = preflight.answer?.paths.length ?? 0;
  const seconds = count > 1 ? (count + 1) / 2 : 0.5;
  return (
    <p className="sy-probe">
      {preflight.probing ? (
        <output className="sy-subtle">
          <Spinner size="sm" aria-label="Measuring the paths" /> measuring the paths
        </output>
      ) : (
        <>
          <Button variant="secondary" size="sm" isDisabled={preflight.asking} onClick={preflight.probe}>
            Probe paths
          </Button>{' '}
          <span className="sy-subtle">fills them for about {seconds} s; guests share them meanwhile</span>
        </>
      )}
    </p>
  );
}
