/**
 * Text of hosts and guests as one printable line: control characters would drive the reader's terminal, bidirectional
 * ones would show another text than there is (Unicode Standard Annex 9, section 2), line breaks would forge log lines.
 */
export function plainText(text: string): string {
  return text
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '\ufffd')
    .trim();
}
