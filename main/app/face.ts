import type { CommandRequest, CommandResponse, EventName, EventPayload } from '#contract/channels.ts';

/** A window of any face, as the desk knows it: who asks, and where events go. */
export interface AppWindow {
  /** Distinguishes it from the other windows of this process. */
  readonly id: string;
  /** Never throws, and never blocks: a window that has gone says nothing. */
  emit<Name extends EventName>(name: Name, payload: EventPayload<Name>): void;
}

/** A record in one of the formats that it leaves the app in. */
export interface ExportedFile {
  readonly fileName: string;
  readonly mediaType: string;
  readonly text: string;
}

/** What `migration.export` answers where main writes the file itself. */
export type Saved = Exclude<CommandResponse<'migration.export'>, { kind: 'content' }>;

/** Throw-away hosts on this machine. The app has no lab: a face brings one. */
export interface LabService {
  list(): Promise<CommandResponse<'lab.list'>>;
  up(options: CommandRequest<'lab.up'>): Promise<CommandResponse<'lab.up'>>;
  link(change: CommandRequest<'lab.link'>): Promise<CommandResponse<'lab.link'>>;
  verify(name: string): Promise<CommandResponse<'lab.verify'>>;
  down(name: string): Promise<CommandResponse<'lab.down'>>;
}

/** What differs between the desktop window and the browser. */
export interface Face {
  readonly capabilities: CommandResponse<'application.describe'>['capabilities'];
  readonly lab: LabService;
  /** Asks the operator where to, and writes it there. Without it a window is handed the text, and downloads it. */
  readonly save?: (file: ExportedFile, window: AppWindow) => Promise<Saved>;
  /** A line for the operator of this process: what went wrong beside any request, and the incident id of a fault. */
  readonly log: (line: string) => void;
}
