/**
 * What swtpm keeps in its folder (`--tpmstate dir=`): `tpm2-00.permall`, `tpm2-00.volatilestate`, `tpm-00.savestate` of a TPM
 * 1.2, and its lock. Source: swtpm, src/swtpm/swtpm_nvstore_dir.c.
 */
export function isTpmState(name: string): boolean {
  return /^tpm2?-00\.(?:permall|volatilestate|savestate)$|^\.lock$/.test(name);
}
