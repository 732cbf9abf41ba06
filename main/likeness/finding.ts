/** Something about one item of the guest that the operator has to know before it moves. */
export interface Finding {
  /** The row of the table that has found it. */
  readonly row: string;
  /** The item by the operator's name for it: `virtio0`, `virtio-net-pci "nic1"`. */
  readonly item: string;
  /** One sentence: what the source uses, what the twin would use. */
  readonly text: string;
  /** One sentence: what to do, or why nothing has to be done. */
  readonly remedy: string;
}

/** What becomes of an item that is not on the twin as it is on the source. */
export type Verdict =
  /** The twin's command line was changed so that it is the same; reported. */
  | 'carried'
  /** It differs, and the guest and its data do not depend on it; `remedy` says why. */
  | 'harmless'
  /** The guest must not move so. */
  | 'refused';

export interface JudgedFinding extends Finding {
  readonly verdict: Verdict;
}

export function withVerdict(findings: readonly JudgedFinding[], verdict: Verdict): readonly JudgedFinding[] {
  return findings.filter((finding) => finding.verdict === verdict);
}
