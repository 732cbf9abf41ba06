import { inetFlags, inetNumbers, inetOption, inetOptionNames, type InetDraft } from './inet-options.ts';
import { addressError, checked, decimal, type InetAddress } from './model.ts';
import { suggestion } from './suggest.ts';

/**
 * `HOST:PORT[,OPTION...]`, as in `tcp:`, NBD servers and chardevs; `whole` is what the operator wrote. QEMU before 10.1
 * skips an option it does not know, so `,mptpc` gives plain TCP there; here it is an error.
 */
export function parseInetText(text: string, whole: string = text): InetAddress {
  const [head = '', ...options] = text.split(',');
  const address: InetDraft = { type: 'inet', ...parseHostAndPort(head, whole) };
  const seen = new Set<string>();
  for (const option of options) {
    const [name, value] = splitOnce(option, '=');
    if (seen.has(name))
      throw addressError(
        whole,
        `has the option ${name} twice`,
        'Write it once: QEMU before 10.1 takes the first, later ones the last.',
      );
    seen.add(name);
    setOption(address, name, value, whole);
  }
  checked(address, whole);
  return address;
}

/** Everything that is set, flags always with their value: a bare flag is deprecated since QEMU 6.0. */
export function printInetText(address: InetAddress): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const options = [
    ...inetNumbers.map(([name, key]) => [name, address[key]] as const),
    ...inetFlags.map(([name, key]) => [name, onOff(address[key])] as const),
  ];
  return [
    `${host}:${address.port}`,
    ...options.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${value}`),
  ].join(',');
}

function onOff(flag: boolean | undefined): 'on' | 'off' | undefined {
  return flag === undefined ? undefined : flag ? 'on' : 'off';
}

function parseHostAndPort(head: string, whole: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(?<bracketed>[^[\]]*)\]|(?<plain>[^:[\]]*)):(?<port>[^:]*)$/.exec(head);
  if (!match?.groups)
    throw head.split(':').length > 2
      ? addressError(whole, 'has too many colons', 'Write an IPv6 address in brackets: tcp:[fe80::1]:4444.')
      : addressError(whole, 'has no port', 'Write HOST:PORT, for instance 192.0.2.1:4444, or [::]:4444.');
  const { bracketed, plain = '', port: portText = '' } = match.groups;
  const port = decimal(portText);
  if (port === undefined)
    throw addressError(
      whole,
      `has no usable port: ${JSON.stringify(portText)}`,
      'Write the port as a number from 0 to 65535.',
    );
  if (bracketed !== undefined && !bracketed.includes(':'))
    throw addressError(whole, 'has brackets around something that is no IPv6 address', 'Leave the brackets out.');
  return { host: bracketed ?? plain, port };
}

function setOption(address: InetDraft, name: string, value: string | undefined, whole: string): void {
  const option = inetOption(name);
  if (!option) throw unknownOption(name, whole);
  if (option.kind === 'flag') address[option.key] = readFlag(name, value, whole);
  else address[option.key] = readNumber(name, value, whole);
}

function readFlag(name: string, value: string | undefined, whole: string): boolean {
  if (value === undefined || value === 'on') return true;
  if (value === 'off') return false;
  throw addressError(whole, `has ${name}=${value}`, `Write ${name}=on or ${name}=off.`);
}

function readNumber(name: string, value: string | undefined, whole: string): number {
  const number = decimal(value ?? '');
  if (number === undefined)
    throw addressError(whole, `has no usable number for ${name}`, `Write ${name}= and a decimal number.`);
  return number;
}

function unknownOption(name: string, whole: string): Error {
  const meant = suggestion(name, inetOptionNames);
  return addressError(
    whole,
    name === '' ? 'has an empty option' : `has the unknown option ${JSON.stringify(name)}`,
    meant === undefined ? `Known options are ${inetOptionNames.join(', ')}.` : `Did you mean ${meant}?`,
  );
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
