import type { MigrationView } from '#contract/channels.ts';
import { hasGoneBack } from '#main/engine/observation.ts';
import { isFinal, isPostCopyPaused, mayBeInPostCopy, mayGoBack, type MigrationState } from '#main/engine/state.ts';

type Controls = MigrationView['controls'];
type Control = Controls[keyof Controls];
/** The first of these sentences that applies is why not. */
type Objections = readonly (readonly [applies: boolean, why: string])[];

/**
 * What an operator may do with a migration now, and why not where they may not. The engine decides again when it is
 * asked: this is for the buttons.
 */
export function controlsOf(state: MigrationState, managed: boolean): Controls {
  const { ended, cancel, postCopy, plan, negotiated, sourceCompleted, committed } = state;
  const over: Objections = [
    [ended !== undefined && isFinal(ended.outcome), 'It has ended.'],
    [!managed, 'No process manages it: take it up first.'],
  ];
  const handedOver = sourceCompleted || committed || mayBeInPostCopy(state);
  const recoverable = postCopy.entered && !committed;
  return {
    cancel: unless([
      ...over,
      [handedOver, 'The guest has been handed over to the destination: cancelling now would lose it.'],
      [cancel !== undefined, 'It is being cancelled.'],
    ]),
    change: unless([...over, [!sourceAnswers(state), 'The source QEMU does not answer now.']]),
    takeUp: unless([
      [managed, 'A process manages it.'],
      [ended !== undefined && isFinal(ended.outcome), 'It has ended.'],
    ]),
    paths: unless([
      ...over,
      [negotiated?.protocol !== 'mptcp', 'There is no Multipath TCP connection.'],
      [!sourceSends(state), 'Nothing is sent any more.'],
    ]),
    postCopy: unless([
      ...over,
      [plan.settings.postCopy !== 'allow', 'Post-copy was not allowed when this migration was started.'],
      [handedOver || postCopy.requested, 'The guest is already being handed over.'],
      [state.steps.migrate !== 'done' || !sourceSends(state), 'The memory is not being copied now.'],
    ]),
    goBack: unless([
      [ended !== undefined && isFinal(ended.outcome), 'It has ended.'],
      [!mayGoBack(state), 'Only a guest that was handed over and has never run on the destination can return.'],
      [managed, 'The destination is about to start the guest.'],
    ]),
    recover: unless([
      [ended !== undefined && isFinal(ended.outcome), 'It has ended.'],
      [!recoverable, 'There is no post-copy to recover.'],
      [managed && !isPostCopyPaused(state), 'The post-copy is not paused.'],
    ]),
  };
}

function unless(objections: Objections): Control {
  const objection = objections.find(([applies]) => applies);
  return objection ? { possible: false, why: objection[1] } : { possible: true };
}

function sourceAnswers({ observed: { source } }: MigrationState): boolean {
  return source.kind === 'answering';
}

function sourceSends({ observed: { source }, sourceCompleted }: MigrationState): boolean {
  return source.kind === 'answering' && !hasGoneBack(source) && !sourceCompleted;
}
