import type { ReactNode } from 'react';

interface ScrollRegionProps {
  readonly label: string;
  readonly className: string;
  readonly children: ReactNode;
}

/** Something that scrolls in itself, and can therefore be reached and scrolled from the keyboard. */
export function ScrollRegion({ label, className, children }: ScrollRegionProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls: without focus no key could move it
    <section aria-label={label} tabIndex={0} className={className}>
      {children}
    </section>
  );
}
