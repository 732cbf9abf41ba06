/** Addresses in every way that QEMU writes them: one model, one parser and one printer for each form. */
export type { Address, FdAddress, InetAddress, UnixAddress, VsockAddress } from './address/model.ts';
export { parseMigrationUri, printMigrationUri } from './address/uri.ts';
export { migrationTarget, migrationUri, type AddressDialect, type AddressRole } from './address/for-qemu.ts';
export { parseIncoming, type Incoming } from './address/incoming.ts';
export {
  fromMigrationChannel,
  fromSocketAddress,
  fromSocketAddressLegacy,
  toMigrationChannel,
  toSocketAddress,
  toSocketAddressLegacy,
} from './address/qapi.ts';
export { parseDottedAddress, printDottedAddress } from './address/dotted.ts';
export { nbdClientAddress, nbdServerAddress, parseNbd, printNbdUri, type NbdExport } from './address/nbd.ts';
