import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { looksRandom } from './random.ts';

const alphabets = {
  base64: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  base62: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  base36: 'abcdefghijklmnopqrstuvwxyz0123456789',
  base32: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567',
  hexadecimal: '0123456789abcdef',
};

test.for(Object.entries(alphabets))('nine of ten words of 32 characters of %s are found out', ([, alphabet]) => {
  const word = fc.array(fc.constantFrom(...alphabet.split('')), { minLength: 32, maxLength: 32 });
  const words = fc.sample(word, { numRuns: 1000, seed: 7 }).map((characters) => characters.join(''));
  expect(words.filter(looksRandom).length).toBeGreaterThan(900);
});

describe('names that people and programs give', () => {
  test.for(
    `virtio-net-pci-non-transitional Skylake-Server-noTSX-IBRS pc-i440fx-rhel7.6.0 org.qemu.guest_agent.0
    OVMF_CODE_4M.secboot.fd ubuntu-22.04-server-cloudimg-amd64 scsi-0QEMU_QEMU_HARDDISK_drive-scsi0-0-0-0
    wwn-0x5000c500a1b2c3d4 iqn.2026-01.com.example:storage.target00 20260101T000000Z-0001
    Win10_22H2_EnglishInternational_x64v1 macOS-Big-Sur-11-6-8-20G730 kvm-pit-lost-tick-policy
    5e4a3c2b-1d0e-4f9a-8b7c-6d5e4f3a2b1c luks-5e4a3c2b-1d0e-4f9a-8b7c-6d5e4f3a2b1c en_US.UTF-8-console-ttyS0-115200n8
    tap104i0-fwbr104i0-veth debian-12-genericcloud-amd64-20240717-1811 Samsung_SSD_970_EVO_Plus_1TB_S4EWNX0R123456
    WDC_WD40EFRX-68N32N0_WD-WCC7K0123456 systemd.unified_cgroup_hierarchy qemu-system-x86_64-headless
    tls-creds-x509-server-creds0 00000000000000000000000000000000 12345678901234567890123456789012 abababababababababababab
    memorybackendmemfdhugetlb interrupt-remapping`.split(/\s+/),
  )('%s', (name) => {
    expect(looksRandom(name)).toBe(false);
  });
});

test('a short word is never random', () => {
  expect(looksRandom('8f3kd93kls02mzx9q')).toBe(false);
});
