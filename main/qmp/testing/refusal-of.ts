import { SwitchyardError } from '#contract/errors.ts';

/** What the operator reads when a request is refused as invalid; `accepted: ...` when it is not. */
export function refusalOf(act: () => unknown): string {
  try {
    return `accepted: ${JSON.stringify(act())}`;
  } catch (error) {
    if (error instanceof SwitchyardError && error.failure.kind === 'invalid-request')
      return `${error.failure.text} ${error.failure.remedy}`;
    throw error;
  }
}
