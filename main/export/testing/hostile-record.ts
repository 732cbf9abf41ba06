import type { MigrationRecord } from '#contract/migration.ts';
import { migrationRecord } from '#main/export/record.ts';
import { exampleEvents, exampleSamples, journalOf } from './example-migration.ts';

/** What a guest's name or a program's output would have to be to run in the reader's browser, each in its own way. */
export const payloads = [
  '<script>hit()</script>',
  '"><img src=x onerror=hit()>',
  "'><svg onload=hit()>",
  '</style><script>hit()</script>',
  '</title><iframe srcdoc="<script>parent.hit()</script>">',
  '<a href="javascript:hit()" autofocus onfocus=hit()>x</a>',
  '<!--<img src="--><img src=x onerror=hit()//">',
  '&lt;script&gt;hit()&lt;/script&gt;',
  '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',
  '${hit()}',
  '<link rel=stylesheet href=http://127.0.0.1:9/x.css>',
] as const;

/** A record in which every text is all of the payloads. */
export function hostileRecord(): MigrationRecord {
  const evil = payloads.join(' ');
  const phase = { name: evil, guest: 'source' } as const;
  const record = migrationRecord({ entries: journalOf(...exampleEvents), samples: exampleSamples, phase });
  return {
    ...record,
    guest: evil,
    source: evil,
    destination: evil,
    user: evil,
    explanation: { phase: evil, cause: evil, next: evil, raw: payloads.join('\n') },
    transport: { ...record.transport, text: evil, command: evil },
    paths: record.paths.map((path) => ({ ...path, sourceInterface: evil, destinationAddress: evil })),
    subflows: record.subflows.map((subflow) => ({ ...subflow, interface: evil, localAddress: evil })),
    samples: record.samples.map((sample) => ({
      ...sample,
      subflows: sample.subflows.map((subflow) => ({ ...subflow, interface: evil })),
    })),
    events: record.events.map((event) => ({ ...event, text: evil })),
    checks: [{ id: evil, severity: 'error', passed: false, text: evil, remedy: evil, command: evil }],
    versions: { [evil]: evil },
  };
}
