import { readFileSync, readlinkSync, statSync } from 'node:fs';
import type { User } from '#contract/host.ts';
import { readCredentials } from '#main/hosts/process/process-table.ts';
import type { Credentials } from '#main/hosts/process/process-status.ts';
import { isMapped, overflowUid, userNames } from './user-ids.ts';

/** With whose rights this process acts. Everything that decides whether another user's process is handled takes it as a value. */
export interface Ourselves {
  /** The effective uid. */
  readonly uid: number;
  readonly gid: number;
  readonly credentials: Credentials | undefined;
  /** `user:[4026531837]`. */
  readonly userNamespace: string | undefined;
  /** Whether we may start a program as this user: ourselves, or any that exists here when we are root. */
  readonly canBecome: (uid: number) => boolean;
  /** Whether root of this machine owns that, so that no other user can change it. */
  readonly isOfRoot: (uid: number, path: string) => boolean;
  /** As `isOfRoot`, where something else has the last word: any number that may be root's. */
  readonly mayBeRoot: (uid: number) => boolean;
}

export function ourselves(): Ourselves {
  const uid = process.geteuid?.() ?? 0;
  const map = readText('/proc/self/uid_map');
  // In a namespace that maps one user, as the lab of an ordinary user is, root of the machine has no number, and neither
  // has any other user.
  const mayBeRoot = (owner: number): boolean => owner === 0 || (owner === overflowUid && !isMapped(overflowUid, map));
  return {
    uid,
    gid: process.getegid?.() ?? 0,
    credentials: readCredentials('self'),
    userNamespace: readNamespace(),
    canBecome: (other) => other === uid || (uid === 0 && isMapped(other, map)),
    // There the place decides: only root of the machine can have made these folders.
    isOfRoot: (owner, path) => owner === 0 || (mayBeRoot(owner) && isOfSystem(path)),
    mayBeRoot,
  };
}

/** The user of that number, with the name that this machine has for it. */
export function userOf(uid: number): User {
  const name = namesOfUsers().get(uid);
  return name === undefined ? { uid } : { uid, name };
}

function isOfSystem(path: string): boolean {
  return path === '/' || /^\/(usr|bin|sbin|lib|lib64|nix|gnu)(\/|$)/.test(path);
}

let known: { readonly version: number; readonly names: ReadonlyMap<number, string> } | undefined;

function namesOfUsers(): ReadonlyMap<number, string> {
  const version = statSync('/etc/passwd', { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (known?.version !== version) known = { version, names: userNames(readText('/etc/passwd')) };
  return known.names;
}

function readNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/user');
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
