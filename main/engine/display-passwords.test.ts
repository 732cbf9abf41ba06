import { describe, expect, test } from 'vitest';
import type { MigrationSettings } from '#contract/migration.ts';
import { emptyPortrait } from '#main/likeness/portrait.ts';
import { passwordDisplays } from './display-passwords.ts';
import { planned } from './simulation/scenes.ts';

const vnc = { kind: 'vnc', enabled: true, authentication: 'vnc' };

describe('a display with a password', () => {
  test.each([
    ['-vnc', ':1,password=on', false],
    ['-vnc', ':1,password-secret=s', true],
    ['-spice', 'password=hunter2', false],
  ])('%s %s has it on the command line: %s', (option, value, isTyped) => {
    expect(passwordDisplays([vnc], {}, ['qemu', option, value])).toEqual([{ kind: 'vnc', file: undefined, isTyped }]);
  });

  test('is one that is served, and asks for it', () => {
    const others = [
      { ...vnc, enabled: false },
      { kind: 'spice', enabled: true, authentication: 'none' },
    ];
    expect(passwordDisplays(others, {}, [])).toEqual([]);
  });
});

describe('the passwords of displays', () => {
  async function passwordsThere(passwordFiles: MigrationSettings['passwordFiles']): Promise<readonly string[]> {
    const migration = planned(passwordFiles ? { passwordFiles } : {});
    migration.world.when(
      () => migration.destination !== undefined,
      () => {
        for (const side of [migration.source, migration.destination]) {
          if (side) side.portrait = { ...emptyPortrait, displays: [vnc] };
        }
      },
    );
    await migration.migrate();
    return [...(migration.destination?.passwords ?? [])];
  }

  test('are set on the destination from the files that were named, where the guest has any', async () => {
    expect(await passwordsThere({ vnc: '/etc/vnc', spice: '/etc/spice' })).toEqual(['vnc']);
  });

  test('are left alone without a file', async () => {
    expect(await passwordsThere(undefined)).toEqual([]);
  });
});
