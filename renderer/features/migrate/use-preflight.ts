import { useEffect, useState } from 'react';
import type { PreflightAnswer } from '#contract/channels.ts';
import type { Failure } from '#contract/errors.ts';
import type { MigrationRequest } from '#contract/requests.ts';
import { useServices } from '#renderer/app/services.ts';

/** Typing in a field is not a question yet. */
const settledAfterMs = 250;

export interface Preflight {
  /** Of this very request; while another is under way, what the last one said. */
  readonly answer: PreflightAnswer | undefined;
  readonly failure: Failure | undefined;
  /** The answer is not about what is chosen now, or not yet there. */
  readonly asking: boolean;
  readonly again: () => void;
  /** Looks again, and has the paths measured now. */
  readonly probe: () => void;
  /** What is under way measures the paths because that was asked for. */
  readonly probing: boolean;
}

interface Told {
  readonly key: string;
  readonly answer: PreflightAnswer | undefined;
  readonly failure: Failure | undefined;
}

/** Looks at both hosts whenever the wish changes; the newest question wins. */
export function usePreflight(request: MigrationRequest | undefined): Preflight {
  const { connection } = useServices();
  const [told, setTold] = useState<Told>();
  const [round, setRound] = useState(0);
  const [measured, setMeasured] = useState<string>();
  const asIs = JSON.stringify(request);
  // One press measures for what is chosen then: another choice is another question.
  const measures = request !== undefined && measured === `${round} ${asIs}`;
  const key = request && `${round} ${measures ? JSON.stringify({ ...request, probe: 'always' }) : asIs}`;

  useEffect(() => {
    if (key === undefined) return;
    let current = true;
    const wish: MigrationRequest = JSON.parse(key.slice(key.indexOf(' ') + 1));
    const timer = setTimeout(() => {
      void connection.host.call('migration.preflight', wish).then((answer) => {
        if (!current) return;
        setTold((before) =>
          answer.ok
            ? { key, answer: answer.value, failure: undefined }
            : { key, answer: before?.answer, failure: answer.error },
        );
      });
    }, settledAfterMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [key, connection]);

  return {
    answer: told?.answer,
    failure: told?.key === key ? told?.failure : undefined,
    asking: key !== undefined && told?.key !== key,
    again: () => setRound((before) => before + 1),
    probe: () => {
      setMeasured(`${round + 1} ${asIs}`);
      setRound(round + 1);
    },
    probing: measures && told?.key !== key,
  };
}
