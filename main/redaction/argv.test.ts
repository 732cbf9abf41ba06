import { describe, expect, test } from 'vitest';
import { byCluster, byDescriptorPasser, byHand } from '#main/hosts/command-line/examples.ts';
import { hideInArgv, hideInText } from './argv.ts';

const hidden = (...argv: string[]): string => hideInArgv(argv, () => '*').join(' ');

/** Secrets are written `S3CRET…`; the second text is what may be read afterwards. */
const secrets: readonly (readonly [string, string[], string])[] = [
  ['firmware configuration by its implied name', ['-fw_cfg', 'opt/x,string=S3CRET'], '-fw_cfg opt/x,string=*'],
  ['firmware configuration by its name', ['-fw_cfg', 'name=opt/x,string=S3CRET'], '-fw_cfg name=opt/x,string=*'],
  ['firmware configuration, value first', ['-fw_cfg', 'string=S3CRET,name=opt/x'], '-fw_cfg string=*,name=opt/x'],
  ['the data of a secret', ['-object', 'secret,id=s,data=S3CRET'], '-object secret,id=s,data=*'],
  ['the data of a secret, data first', ['-object', 'data=S3CRET,qom-type=secret'], '-object data=*,qom-type=secret'],
  [
    'the data of a secret in JSON',
    ['-object', '{"data":"S3CRET","qom-type":"secret"}'],
    '-object {"data":"*","qom-type":"secret"}',
  ],
  [
    'the data of a secret in JSON with single quotes',
    ['-object', "{'qom-type': 'secret', 'data': 'S3CRET'}"],
    "-object {'qom-type': 'secret', 'data': '*'}",
  ],
  [
    'a value with commas, quotes, spaces and an equals sign',
    ['-spice', 'password=S3CRET,,a=\'b" c,port=1'],
    '-spice password=*,port=1',
  ],
  ['OEM strings', ['-smbios', 'type=11,value=S3CRET,value=S3CRET2'], '-smbios type=11,value=*,value=*'],
  ['OEM strings, value first', ['-smbios', 'value=S3CRET,type=11'], '-smbios value=*,type=11'],
  [
    'a property of every secret',
    ['-global', 'driver=secret,property=data,value=S3CRET'],
    '-global driver=secret,property=data,value=*',
  ],
  [
    'a property called password',
    ['-global', 'driver=x,property=password,value=S3CRET'],
    '-global driver=x,property=password,value=*',
  ],
  ['a name of several words', ['-device', 'x,ipmi_pw=S3CRET,wpa_psk=S3CRET'], '-device x,ipmi_pw=*,wpa_psk=*'],
  [
    'a name in camel case',
    ['-device', 'x,userPassword=S3CRET,apiKey=S3CRET,PGPASSWORD=S3CRET'],
    '-device x,userPassword=*,apiKey=*,PGPASSWORD=*',
  ],
  ['the key of a storage account', ['-drive', 'file=x,AccountKey=S3CRET=='], '-drive file=x,AccountKey=*'],
  [
    'a header with a space',
    ['-drive', 'http-header=X-Api-Key: S3CRET,if=none'],
    '-drive http-header=X-Api-Key: *,if=none',
  ],
  ['a header without one', ['-drive', 'header=X-Api-Key:S3CRET,if=none'], '-drive header=X-Api-Key:*,if=none'],
  ['a header as an option', ['-drive', 'file.http-header.X-Api-Key=S3CRET'], '-drive file.http-header.X-Api-Key=*'],
  [
    'the key of an RBD image',
    ['-drive', 'file=rbd:p/i:id=a:key=S3CRET==:mon_host=h'],
    '-drive file=rbd:p/i:id=a:key=*:mon_host=h',
  ],
  ['a URL', ['-drive', 'file=postgres://u:S3CRET@h/x,if=none'], '-drive file=postgres://u:*@h/x,if=none'],
  [
    'JSON in a file name',
    ['-drive', 'file=json:{"url":"https://u:S3CRET@h",,"cookie":"S3CRET"},if=none'],
    '-drive file=json:{"url":"https://u:*@h",,"cookie":"*"},if=none',
  ],
  [
    'a command of the user network',
    ['-netdev', 'user,guestfwd=tcp:10.0.2.1:80-cmd:curl --token S3CRET h'],
    '-netdev user,guestfwd=tcp:10.0.2.1:80-cmd:curl --token * h',
  ],
  ['an argument of its own', ['--api-token', 'S3CRET, all of it'], '--api-token *'],
  [
    "a kernel's command line",
    ['-append', 'quiet wpa_psk=S3CRET,x password="S3 CRET" ip=dhcp'],
    '-append quiet wpa_psk=* password="*" ip=dhcp',
  ],
  ['an option that no rule lists', ['-device', 'x,blob=Zm9vYmFyYmF6cXV4MTIzNDU2,id=b'], '-device x,blob=*,id=b'],
  [
    'a member that no rule lists',
    ['-device', '{"driver":"x","blob":"Zm9vYmFyYmF6cXV4MTIzNDU2"}'],
    '-device {"driver":"x","blob":"*"}',
  ],
  ['an argument that no rule lists', ['--licence', '8f3kd93kls02mzx9q1wv8f3k'], '--licence *'],
  [
    "a word of a kernel's command line that no rule lists",
    ['-append', 'quiet x=8f3kd93kls02mzx9q1wv8f3k ro'],
    '-append quiet x=* ro',
  ],
  [
    'base64 that begins like a path',
    ['-device', 'x,blob=/9vYmFyYmF6cXV4MTIzNDU2Zm9v/mFyYmF6cXV4MTI='],
    '-device x,blob=*',
  ],
];

describe('hidden', () => {
  test.for(secrets)('%s', ([, argv, left]) => {
    expect(hidden(...argv)).toBe(left);
  });
});

const readable: readonly (readonly [string, string[]])[] = [
  ['whether there is a password', ['-vnc', ':1,password=on']],
  ['names of secrets', ['-drive', 'file=x,password-secret=sec0,key-secret=sec1,encrypt.key-secret=sec2']],
  ['names of credentials', ['-object', 'tls-creds-x509,id=tls0,dir=/etc/pki/qemu,passwordid=sec0']],
  ['a secret in a file', ['-object', 'secret,id=s0,file=/etc/secret.key,format=base64']],
  ['firmware configuration in a file', ['-fw_cfg', 'name=opt/com.coreos/config,file=/srv/config.ign']],
  [
    'other SMBIOS tables',
    ['-smbios', 'type=1,serial=ds=nocloud;s=http://10.0.0.1/,uuid=0C1F9E0A-7E0B-4F2B-9B1D-3C5A5E0A1F10'],
  ],
  ['data of other devices', ['-device', 'loader,addr=0x8000,data=0x1234,data-len=4']],
  [
    'serial numbers and addresses',
    ['-device', 'virtio-blk-pci,serial=S4EWNX0R123456789012,wwn=0x5000c500a1b2c3d4,mac=BC:24:11:00:00:01'],
  ],
  ['disk images by a relative name', ['-drive', 'file=images/Win10_22H2_EnglishInternational_x64v1.iso,media=cdrom']],
  ['paths with digests in them', ['-kernel', '/nix/store/8f3kd93kls02mzx9q1wv8f3kd93kls02-linux/bzImage']],
  [
    'paths with UUIDs in them',
    ['-device', 'vfio-pci,sysfsdev=/sys/bus/mdev/devices/5e4a3c2b-1d0e-4f9a-8b7c-6d5e4f3a2b1c'],
  ],
  ['a name, however it looks', ['-name', 'vm8f3kd93kls02mzx9q1wv8f3k']],
  ['references in JSON', ['-blockdev', '{"node-name":"libvirt-8f3kd93kls02mzx9q1wv8f3k","driver":"qcow2"}']],
  ['processors', ['-cpu', 'Skylake-Server-noTSX-IBRS,hv_relaxed,hv_spinlocks=0x1fff,hv_stimer']],
  [
    "a kernel's command line",
    [
      '-append',
      'root=UUID=5e4a3c2b-1d0e-4f9a-8b7c-6d5e4f3a2b1c rd.luks.key=/etc/key ip=10.0.2.15::10.0.2.2:255.255.255.0:vm1:eth0:off console=ttyS0,115200n8',
    ],
  ],
  ['a value of other properties', ['-global', 'driver=PIIX4_PM,property=disable_s3,value=1']],
];

describe('left as it is', () => {
  test.for(readable)('%s', ([, argv]) => {
    expect(hidden(...argv)).toBe(argv.join(' '));
  });

  test.for([byHand, byCluster, byDescriptorPasser])('a whole command line, %#', (argv) => {
    expect(hideInArgv(argv, () => '*')).toEqual(argv);
  });
});

/** Each of them, repeated, once cost the square of its length somewhere, or would if a bound were forgotten. */
const hostile = [
  'a',
  'A',
  'aA',
  '=',
  ',',
  ',,',
  '"',
  "'",
  '\\',
  '/',
  '@',
  ' ',
  '<',
  '%',
  'a=',
  'data=',
  'secret,data=',
  'password=x ',
  'password="',
  'x://',
  '|x://y:z',
  'a://b@',
  ' --password ',
  '-----BEGIN ',
  '-----BEGIN PRIVATE KEY-----',
  '-----END ',
  'cookie: ',
  'basic ',
  '-u a',
  'eyJaaaaaaaaa.',
  '<a ',
  '<token>',
  'property=a,',
  'type=0',
  '"token":[',
  '"data":"',
  '\\"a\\":\\"',
  '%26token%3d',
  'aB1+',
  '0123456789abcdef',
  ':key=',
  '"qom-type":',
  '-aAaA.',
  '/a/',
  'token:',
];

test.for(hostile)('half a mebibyte of %j is read in a time that its length sets', { timeout: 30_000 }, (unit) => {
  const text = unit.repeat((1 << 19) / unit.length);
  const read = [hideInArgv(['qemu', text], () => '*'), hideInText(text, () => '*')];
  expect(read.length).toBe(2);
});
