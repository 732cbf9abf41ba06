/** What can be traced: the conversations of Switchyard with everything outside of it, and the decisions between them. */
export const traceCategories = ['qmp', 'netlink', 'process', 'engine', 'control'] as const;
export type TraceCategory = (typeof traceCategories)[number];

/** One line: who or what, and the message itself as data. Never throws. */
export type TraceWriter = (subject: string, detail?: unknown) => void;

/**
 * The writers of this process, by category; none until a face connects them. Call it as `trace.qmp?.(…)`: nothing is
 * evaluated while nothing is traced. A leaf, because every room that speaks to the outside needs it.
 */
export const trace: { [Category in TraceCategory]?: TraceWriter | undefined } = {};
