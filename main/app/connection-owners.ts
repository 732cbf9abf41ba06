export { openConnectionOwners, type ConnectionOwners } from '#main/hosts/connection-owners.ts';
