import type { Evidence, Finding } from './evidence.ts';
import { findFallback } from './fallback-findings.ts';
import { findMissingPaths, isCutOff, linksDown } from './path-findings.ts';

/**
 * What is wrong with a migration's connection, as far as the two kernels can tell: why it is not MPTCP, or which paths it
 * does not use and why. Empty when it is MPTCP and uses them all. The facts come from net/mptcp/mib.c (what each counter
 * means), include/uapi/linux/mptcp_pm.h (errors of a closed subflow) and measurements of each case.
 */
export function diagnose(evidence: Evidence): Finding[] {
  if (isCutOff(evidence)) return linksDown(evidence, evidence.paths);
  const fallback = findFallback(evidence);
  if (fallback) return [fallback];
  return evidence.connection.protocol === 'tcp' ? [] : findMissingPaths(evidence);
}
