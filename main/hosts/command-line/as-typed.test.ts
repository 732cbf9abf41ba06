import { describe, expect, test } from 'vitest';
import { asTyped } from './as-typed.ts';

const files: Readonly<Record<string, string>> = {
  'vm.cfg': '[drive "hd"]\nfile = "/srv/a,b.qcow2"\nif = "none"\n[spice]\n[smp-opts]\ncpus = "2"\n',
  'net.cfg': '[netdev "n"]\ntype = "user"\n',
  'bad.cfg': '[machine]\nno\n',
  'odd.cfg': '[machine]\n[smbios]\ntype = "1"\n',
  'secret.cfg': '[object "s"]\nqom-type = "secret"\ndata = "hunter22"\n',
};

function typed(args: string, defaultFile?: string): string {
  const read = (path: string) => {
    const text = files[path];
    return text === undefined ? { unreadable: 'no such file' } : { text };
  };
  const result = asTyped(['qemu', ...args.split(' ')], read, defaultFile);
  return 'argv' in result ? result.argv.slice(1).join(' ') : `${result.unreadable.text} ${result.unreadable.remedy}`;
}

describe('options in a file', () => {
  test('stand where the file is named', () => {
    expect(typed('-m 64 -readconfig vm.cfg -snapshot')).toBe(
      '-m 64 -drive id=hd,file=/srv/a,,b.qcow2,if=none -smp cpus=2 -snapshot',
    );
  });

  test('a command line without any stays as it is', () => {
    expect(typed('-m 64 -readconfig')).toBe('-m 64 -readconfig');
    expect(typed('-m 64')).toBe('-m 64');
  });

  test.each([
    ['-readconfig net.cfg', '-netdev id=n,type=user -net nic -net user'],
    ['-readconfig net.cfg -nodefaults', '-netdev id=n,type=user -nodefaults'],
    ['-readconfig net.cfg -nic none', '-netdev id=n,type=user -nic none'],
  ])("a network in a file leaves QEMU's own beside it: %s", (args, expected) => {
    expect(typed(args)).toBe(expected);
  });

  test('what QEMU reads by itself comes first, and is not read again', () => {
    expect(typed('-m 64', 'vm.cfg')).toBe(
      '-drive id=hd,file=/srv/a,,b.qcow2,if=none -smp cpus=2 -m 64 -no-user-config',
    );
  });

  test.each(['-no-user-config', '-nodefconfig'])('a file that QEMU does not read (%s) is not read', (option) => {
    expect(typed(option, 'vm.cfg')).toBe(option);
  });

  const typeThem = 'Restart the guest with these options on its command line.';
  test.each([
    ['none.cfg', 'which cannot be read: no such file'],
    ['bad.cfg', 'of which line 2 cannot be read'],
    ['odd.cfg', 'of which line 2 begins [smbios], which Switchyard does not know'],
    [
      'secret.cfg',
      'which has a secret in the section that begins in line 1, and every user could read it on the command line of the destination',
    ],
  ])('%s is refused with the reason', (file, reason) => {
    expect(typed(`-readconfig ${file}`)).toBe(`This guest has options in the file ${file}, ${reason}. ${typeThem}`);
  });
});

describe('-set', () => {
  test.each([
    ['-drive id=hd,file=a -set drive.hd.file=b,c', '-drive id=hd,file=a,file=b,,c'],
    ['-chardev socket,id=m,path=/a -set chardev.m.path=/b', '-chardev socket,id=m,path=/a,path=/b'],
    ['-readconfig vm.cfg -set drive.hd.if=ide', '-drive id=hd,file=/srv/a,,b.qcow2,if=none,if=ide -smp cpus=2'],
    ['-device e1000,id=n -device e1000,id=o -set device.n.mac=x', '-device e1000,id=n,mac=x -device e1000,id=o'],
  ])('changes the option before it: %s', (args, expected) => {
    expect(typed(args)).toBe(expected);
  });

  test.each([
    '-set drive.hd.file=b',
    '-drive file=a -set drive.=b',
    '-set',
    '-device {"driver":"e1000","id":"n"} -set device.n.mac=x',
    '-nodefaults -drive id=o,file=a -set drive.hd.file=b',
    '-smbios type=1 -set smbios.a.uuid=b',
  ])('that changes nothing typed is refused: %s', (args) => {
    expect(typed(args)).toMatch(
      args === '-set'
        ? /^-set$/
        : /^`-set [^`]*=\.\.\.` of this guest changes an option that is not on its command line\./,
    );
  });
});
