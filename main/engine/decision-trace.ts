import type { Decision } from './decide.ts';
import type { Ports } from './ports.ts';

/** Traces what was decided, each time that it is something else than before: most turns decide to wait for the same. */
export class DecisionTrace {
  readonly #trace: Ports['trace'];
  #last = '';

  constructor(trace: Ports['trace']) {
    this.#trace = trace;
  }

  saw(decision: Decision): void {
    if (!this.#trace) return;
    const text = wordsFor(decision);
    if (text === this.#last) return;
    this.#last = text;
    this.#trace(text);
  }
}

function wordsFor(decision: Decision): string {
  switch (decision.kind) {
    case 'act':
      return `act: ${decision.step}`;
    case 'note':
      return `note: ${decision.event.kind}`;
    case 'wait':
      return `wait: ${decision.waitingFor}`;
    case 'end':
      return `end: ${decision.outcome}, guest ${decision.guest}`;
  }
}
