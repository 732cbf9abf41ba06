import { describe, expect, test } from 'vitest';
import { isSecretHeading, isSecretName } from './names.ts';

describe('secret by the name', () => {
  test.for(
    `password PASSWORD userPassword PGPASSWORD x509-key-password root_password passwd passphrase secret client-secret secret_key
    token FOO_TOKEN accessToken AWS_SECRET_ACCESS_KEY X-Api-Key apikey apiKey api_key privateKey cookie file.cookie
    systemd.set_credential osk pass db_pass dbpass userPass pwd ipmi_pw adminpw wpa_psk wpa-psk wpa.psk sig X-Amz-Signature
    otp pin auth x-auth AZURE_STORAGE_KEY AccountKey encryption.key preshared_key
    authkey tailscale_authkey license_key licenceKey bearer`.split(/\s+/),
  )('%s', (name) => {
    expect(isSecretName(name)).toBe(true);
  });
});

describe('not secret by the name', () => {
  test.for(
    `key public_key rd.luks.key keyid passwordid password-secret cookie-secret encrypt.key-secret old-secret password_file
    tokenPath secretdir token-url key-fd auth_supported authz tls-authz bypass x-bypass compass passthrough kernel
    monkey hotkey turnkey user username data id string`.split(/\s+/),
  )('%s', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

test('a name without end is judged by its end', () => {
  const long = 'aA'.repeat(100_000);
  expect([isSecretName(`${long}.password`), isSecretName(`password.${long}`)]).toEqual([true, false]);
});

test('before a colon, a word that also means something else is no name', () => {
  expect(['pass', 'pin', 'ipmi_pw', 'token', 'X-Auth', 'user'].map(isSecretHeading)).toEqual([
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
});
