import { stepNameSchema, type Plan, type Side, type StepName } from '#contract/migration.ts';

/** All that is true of a step whenever it is taken. How it is done is in `steps`, its sentences are in main/export. */
export interface StepRow {
  /** What the operator reads when it failed: "`title` on HOST failed." */
  readonly title: string;
  /** Where it is done. Of a step on both sides, the failure itself names the side. */
  readonly side: Side | 'both';
  /**
   * Whether a plan has it done before `migrate`; such steps are taken in the order of this table. The turn of every other
   * step is a row of its own in `decide`.
   */
  readonly prepares: (plan: Plan) => boolean;
  /**
   * Without its intent on disk it is not begun: a successor that could not read of it would undo what follows from it, or
   * do it twice. True of what the migration can still do without; what brings the guest into safety is done all the same.
   */
  readonly intentMustBeOnDisk: boolean;
  /** The sides that have to be seen again after it, because what follows from it cannot be foreseen. */
  readonly changesWhatIsObserved: readonly Side[];
  /** Part of the one attempt that `recover` asks for: when it fails, the operator decides whether there is another. */
  readonly recovers: boolean;
}

const always = (): boolean => true;
const never = (): boolean => false;
const ordinary = { prepares: never, intentMustBeOnDisk: false, changesWhatIsObserved: [], recovers: false } as const;
const preparation = { ...ordinary, prepares: always, intentMustBeOnDisk: true } as const;

/** Every step, and the only place that lists them for the engine: what is missing here does not compile. */
export const stepTable: Readonly<Record<StepName, StepRow>> = {
  'start-destination': { ...preparation, title: 'Starting the destination', side: 'destination' },
  'compare-twin': { ...preparation, title: 'Comparing the guest with the waiting QEMU', side: 'destination' },
  'negotiate-capabilities': { ...preparation, title: 'Agreeing on capabilities', side: 'both' },
  'try-paths': {
    ...preparation,
    title: 'Trying the paths',
    side: 'both',
    // Of a single path QEMU itself reports why it fails, unless the port was named: another machine with that address may
    // have a QEMU waiting at the same one. What listens already leaves no port to try.
    prepares: ({ paths, waiting, listener }) =>
      (paths.length > 1 || (listener?.port ?? 0) !== 0) && waiting?.listens !== true,
  },
  'prepare-paths': {
    ...preparation,
    title: 'Preparing the paths',
    side: 'both',
    prepares: ({ preparation: { source, destination } }) => source.length + destination.length > 0,
  },
  // The last before a port is open, on which one stray connection would end the destination.
  'check-disks': { ...preparation, title: 'Checking the disks', side: 'destination' },
  listen: { ...preparation, title: 'Opening the migration port', side: 'destination' },
  connect: {
    ...preparation,
    title: 'Connecting to the destination',
    side: 'source',
    prepares: ({ settings }) => settings.socket === 'app',
  },
  migrate: {
    ...ordinary,
    title: 'Starting the migration',
    side: 'source',
    intentMustBeOnDisk: true,
    changesWhatIsObserved: ['source'],
  },
  // A permission that `peer-proven` has given: its own intent is for the record.
  'switch-over': {
    ...ordinary,
    title: 'Allowing the switchover',
    side: 'source',
    changesWhatIsObserved: ['source'],
  },
  'hang-up': { ...ordinary, title: 'Giving up the connection', side: 'source' },
  cancel: { ...ordinary, title: 'Cancelling', side: 'source' },
  yank: { ...ordinary, title: 'Breaking the connection', side: 'source' },
  'resume-destination': {
    ...ordinary,
    title: 'Starting the guest',
    side: 'destination',
    changesWhatIsObserved: ['destination'],
  },
  'start-post-copy': {
    ...ordinary,
    title: 'Switching to post-copy',
    side: 'source',
    intentMustBeOnDisk: true,
    changesWhatIsObserved: ['source'],
  },
  'pause-post-copy': {
    ...ordinary,
    title: 'Pausing the post-copy',
    side: 'both',
    changesWhatIsObserved: ['source', 'destination'],
  },
  'listen-for-recovery': {
    ...ordinary,
    title: 'Opening a port for the recovery',
    side: 'destination',
    recovers: true,
  },
  recover: {
    ...ordinary,
    title: 'Recovering the post-copy',
    side: 'source',
    changesWhatIsObserved: ['source', 'destination'],
    recovers: true,
  },
  'quit-source': { ...ordinary, title: 'Removing the stopped copy', side: 'source' },
  'quit-destination': { ...ordinary, title: 'Removing the destination', side: 'destination' },
  'resume-source': {
    ...ordinary,
    title: 'Starting the guest again',
    side: 'source',
    changesWhatIsObserved: ['source'],
  },
  'restore-paths': { ...ordinary, title: 'Restoring the paths', side: 'both' },
};

const inOrder = stepNameSchema.array().parse(Object.keys(stepTable));

/** What a plan has done before `migrate`, in that order. */
export function preparatorySteps(plan: Plan): readonly StepName[] {
  return inOrder.filter((step) => stepTable[step].prepares(plan));
}
