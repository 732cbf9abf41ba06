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
  const key = request && `${round} ${JSON.stringify(request)}`;

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
  };
}
