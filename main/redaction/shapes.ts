import { hideGroup, type Hide } from './hide.ts';
import { isSecretName } from './names.ts';

/**
 * What gives itself away wherever it stands. Each is linear: what may repeat is bounded, or ends at a character that begins
 * the next match.
 */
const shapes: readonly RegExp[] = [
  /(?<head>)(?<secret>-----BEGIN [A-Z ]{0,64}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,64}PRIVATE KEY(?: BLOCK)?-----|$))/g,
  /\b(?<head>(?:(?:proxy-)?authorization|(?:set-)?cookie2?)\s{0,8}:\s{0,8})(?<secret>[^\s"'][^\r\n"']*)/gi,
  /\b(?<head>bearer\s{1,8})(?<secret>[\w.~+/=-]{8,})/gi,
  /\b(?<head>basic\s{1,8})(?<secret>(?=[A-Za-z0-9+/]{0,512}[\d=+/])[A-Za-z0-9+/]{8,}={0,2})/gi,
  // curl's and sshpass's short options
  /(?<![\w-])(?<head>(?:-u|--user|--proxy-user)[\s=]["']?[^\s:"']{1,256}:)(?<secret>[^\s"']+)/g,
  /\b(?<head>sshpass\s{1,8}-p\s{0,8})(?<secret>[^\s"']+)/g,
  // passwords as crypt(3) keeps them
  /(?<head>)(?<secret>\$(?:1|2[abxy]?|5|6|7|y|gy|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]{0,16})\$[^\s"',:]{8,})/g,
  // JSON web tokens, and keys whose issuers mark them so that they can be found
  /(?<head>)(?<secret>\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*)/g,
  /(?<head>)(?<secret>\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[\w-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{30,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{16,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|sk-[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}|whsec_\w{10,}|npm_[A-Za-z0-9]{30,}|tskey-[\w-]{16,}|pypi-[\w-]{16,}|do[opr]_v1_\w{16,}|hf_[A-Za-z0-9]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|hv[sbr]\.[\w-]{16,}|dckr_pat_[\w-]{10,}|atlasv1\.[\w-]{16,}|AGE-SECRET-KEY-1[0-9A-Z]{16,}|\d{8,10}:AA[\w-]{30,}))/g,
  /(?<head>hooks\.slack\.com\/services\/|discord(?:app)?\.com\/api\/webhooks\/\d{1,24}\/)(?<secret>[\w/-]+)/g,
];

/** `"password": "…"`; the same with single quotes, with a number or a list, and where the text was cut off. */
const members: readonly RegExp[] = [
  /(?<head>"(?<name>[\w.-]{1,256})"\s{0,64}:\s{0,64}")(?<secret>(?:[^"\\]|\\[\s\S])+)(?="|\\?$)/g,
  /(?<head>'(?<name>[\w.-]{1,256})'\s{0,64}:\s{0,64}')(?<secret>(?:[^'\\]|\\[\s\S])+)(?='|\\?$)/g,
  /(?<head>["'](?<name>[\w.-]{1,256})["']\s{0,64}:\s{0,64})(?<secret>-?\d[\d.eE+-]*|\[[^[\]]+\])/g,
  // the same where the JSON text stands quoted in another one
  /(?<!\\)(?<head>(?<escape>\\{1,15})"(?<name>[\w.-]{1,256})\k<escape>"\s{0,64}:\s{0,64}\k<escape>")(?<secret>(?:(?!\\{0,15}")[\s\S])+)/g,
  // XML
  /(?<head><(?<name>[\w:.-]{1,256})(?:\s[^<>]*)?>)(?<secret>[^<]+)(?=<\/)/g,
];

const secretObject = /qom-type\\{0,15}["']\s{0,64}:\s{0,64}\\{0,15}["']secret\\{0,15}["']/;

/** Hides what has the shape of a secret, under any name, and the secret members of JSON and XML in a text. */
export function hideByShape(text: string, hide: Hide): string {
  const holdsData = secretObject.test(text);
  const isSecretMember = (name: string): boolean =>
    isSecretName(name) || name === 'string' || (name === 'data' && holdsData);
  const withoutShapes = shapes.reduce((result, shape) => hideGroup(result, shape, hide), text);
  return members.reduce((result, member) => hideGroup(result, member, hide, isSecretMember), withoutShapes);
}
