import { SwitchyardError } from '#contract/errors.ts';
import { labRights, labService } from '#lab/lab.ts';
import type { LabService } from '#main/app/face.ts';

/** The lab, with a word for those who may not make one: a desktop window never runs as root. */
export const desktopLab: LabService = {
  ...labService,
  async up(options) {
    if ((await labRights()).kind !== 'held') throw needsRoot();
    return labService.up(options);
  },
};

function needsRoot(): SwitchyardError {
  return new SwitchyardError({
    kind: 'rejected',
    phase: 'unprivileged',
    event: 'lab.up',
    text: 'Making a lab needs root, which a desktop window does not have.',
    remedy:
      'In a checkout of Switchyard type `sudo ./switchyard serve`: it is the same app, in your browser, and may make labs.',
  });
}
