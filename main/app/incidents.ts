import { IncidentLog, type ReportIncident } from '#main/storage/incidents.ts';
import { currentUser, directoriesFor } from '#main/storage/paths.ts';

export type { ReportIncident } from '#main/storage/incidents.ts';

export interface IncidentReporterOptions {
  readonly version: string;
  /** The part of Switchyard that the operator is using: `command line`, `serve`, `window`. */
  readonly face: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What a face reports its faults to: it can be had, and works, also where the state directory cannot be used. */
export function incidentReporter({
  version,
  face,
  environment = process.env,
}: IncidentReporterOptions): ReportIncident {
  const { state } = directoriesFor(environment, currentUser());
  return new IncidentLog({ state, version, face }).report;
}
