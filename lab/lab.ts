/** What the rest of Switchyard may ask of the lab. */
export { bareMove, type BareMove, type BareMoveOptions } from './bare-move.ts';
export type { LabGuest } from './copies.ts';
export { openDoor, type Door } from './door.ts';
export { labDown } from './down.ts';
export { labList, labsOutOfReach } from './find-lab.ts';
export { HeartbeatWatch, type HeartbeatReport } from './guest/heartbeat.ts';
export { findGuests, type GuestProcess } from './guest/processes.ts';
export { labLink } from './link.ts';
export { defaultLabName } from './names.ts';
export { parseLabOptions, type GuestPace, type LabOptions, type LabOptionTexts } from './options.ts';
export { labService } from './service.ts';
export { shapedRates } from './shaped-rate.ts';
export { labStatus, type LabHost, type LabLink, type LabStatus, type LinkState } from './status.ts';
export { labUp } from './up.ts';
export { keepHolder, labRights, reenterForLab, type LabRights } from './user-namespace.ts';
export { labVerify, type LabProof } from './verify.ts';
