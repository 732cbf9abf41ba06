import { useId, type ReactNode } from 'react';

interface ChoiceProps {
  /** Choices of one name exclude each other. */
  readonly name: string;
  readonly title: string;
  /** One sentence under it. */
  readonly about: ReactNode;
  /** At the title's right: a mark, a state. */
  readonly aside?: ReactNode;
  readonly chosen: boolean;
  /** Why it cannot be chosen: it stays visible, with this instead of `about`. */
  readonly impossible?: string | undefined;
  readonly onChoose: () => void;
}

/** A radio button as large as a card, so that arrows, space and screen readers work as everywhere. */
export function Choice({ name, title, about, aside, chosen, impossible, onChoose }: ChoiceProps) {
  const [titleId, aboutId] = [useId(), useId()];
  const state = impossible === undefined ? (chosen ? 'sy-choice-chosen' : '') : 'sy-choice-impossible';
  return (
    <label className={`sy-choice ${state}`}>
      <input
        type="radio"
        className="sy-hidden"
        name={name}
        checked={chosen}
        disabled={impossible !== undefined}
        aria-labelledby={titleId}
        aria-describedby={aboutId}
        onChange={onChoose}
      />
      <span className="sy-choice-head">
        <span className="sy-choice-title" id={titleId}>
          {title}
        </span>
        {aside}
      </span>
      <span className="sy-choice-about" id={aboutId}>
        {impossible ?? about}
      </span>
    </label>
  );
}
