import { CopyButton } from './CopyButton.tsx';

/** A command to be run elsewhere, ready to be copied. */
export function Command({ text }: { text: string }) {
  return (
    <span className="sy-command">
      <code>{text}</code>
      <CopyButton text={text} label="Copy the command" />
    </span>
  );
}
