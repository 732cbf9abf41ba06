import { Table } from '@patternfly/react-table';
import type { ReactNode } from 'react';

interface DataTableProps {
  readonly label: string;
  readonly className?: string;
  readonly children: ReactNode;
}

/** A table to be read: PatternFly's is a grid by default, which promises moving from cell to cell with the arrows. */
export function DataTable({ label, className = '', children }: DataTableProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- it is a <table>, which PatternFly gives another role
    <Table variant="compact" role="table" aria-label={label} className={className}>
      {children}
    </Table>
  );
}
