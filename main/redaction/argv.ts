import { hideGroup, type Hide } from './hide.ts';
import { hideAfterFlags, hideInOptions, optionList, takesSecret, words, type Grammar } from './options.ts';
import { looksRandom } from './random.ts';
import { hideByShape } from './shapes.ts';
import { hideInUrls } from './urls.ts';

/** A kernel's command line: words, not a list. */
const takesWords = /^--?append$/;
/** Their value is a name, however it looks. */
const takesName = /^--?(?:name|uuid|id)$/;

/** A command line: what its options say, what its values look like, and what no name explains. */
export function hideInArgv(argv: readonly string[], hide: Hide): string[] {
  return argv.map((argument, index) => {
    const before = argv[index - 1] ?? '';
    if (takesSecret(before)) return hide(argument);
    const grammar = takesWords.test(before) ? words : optionList;
    const hidden = hideByGrammar(argument, grammar, hide);
    return takesName.test(before) ? hidden : hideRandom(hidden, grammar, hide);
  });
}

/** A sentence, a log, the words of another program. */
export function hideInText(text: string, hide: Hide): string {
  const hidden = hideByGrammar(text, words, hide);
  // What a secret was glued to may be seen for what it is once the secret has gone.
  return hidden === text ? text : hideByGrammar(hidden, words, hide);
}

function hideByGrammar(text: string, grammar: Grammar, hide: Hide): string {
  return hideByShape(hideInUrls(hideInOptions(hideAfterFlags(text, hide), grammar, hide), hide), hide);
}

/** Names of things, which others call by them. QEMU's own are in qapi/*.json; the rest are those of the kernel and of disks. */
const naming =
  /^(?:.*[._-])?(?:id|name|uuid|guid|wwn|wwpn|wwnn|eui64|serial|mac|macaddr|model|product|vendor|version|sku|asset|family|part|manufacturer|bus|drive|netdev|chardev|memdev|iothread|file|filename|path|dir|backing|data-file|cdrom|initrd|kernel|image|snapshot|tag|format|driver|type|hash|fingerprint|root|resume|label|script|downscript|host|bootfile|ifname)$/i;

const imageFile = /\.(?:qcow2?|img|iso|raw|vmdk|vdi|vhdx?|fd|bin|rom|efi|aml|dtb|cpio|gz|xz|zst|socks?|pid|log|qmp)$/i;

/** What no name and no shape gives away, and a machine seems to have drawn: a token under a name that no rule lists. */
function hideRandom(argument: string, grammar: Grammar, hide: Hide): string {
  const hideWords: Hide = (value) => hideRandomWords(value, hide);
  if (argument.startsWith('{')) return hideGroup(argument, member, hideWords, (name) => !naming.test(name));
  return argument
    .split(grammar === words ? /(\s+)/ : /((?<!,),(?!,))/)
    .map((option) => {
      const name = /^[\w.-]+(?==)/.exec(option)?.[0];
      if (name === undefined) return hideWords(option);
      return naming.test(name) ? option : `${name}=${hideWords(option.slice(name.length + 1))}`;
    })
    .join('');
}

const member = /(?<head>["'](?<name>[\w.-]{1,256})["']\s{0,64}:\s{0,64}["'])(?<secret>[^"'\\]+)/g;

function hideRandomWords(value: string, hide: Hide): string {
  if (imageFile.test(value) || isPath(value)) return value;
  return value.replaceAll(/[\w+/=~-]{18,}/g, (word) => (looksRandom(word) ? hide(word) : word));
}

/** Whose first folder has a name: base64 may begin with `/` as well. */
function isPath(value: string): boolean {
  const folder = /^(?:[a-z][\w+.-]{0,31}:)?(?:\.{0,2}|~|\/\/[^/]*)\/([^/]*)\//.exec(value)?.[1];
  return folder !== undefined && !looksRandom(folder);
}
