import { expect, test } from 'vitest';
import { defaultSettings } from '#contract/default-settings.ts';
import { convergencePolicies, policyOf } from './convergence.ts';

test.each(convergencePolicies)('$name is found again in the settings that it makes', ({ id, settings }) => {
  expect(policyOf({ ...defaultSettings, ...settings })).toBe(id);
});
