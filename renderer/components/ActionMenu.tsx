import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useRef, useState } from 'react';
import { EllipsisVIcon } from './icons.ts';

export interface MenuAction {
  readonly name: string;
  /** What it does, or why it is not possible now. */
  readonly about?: string | undefined;
  readonly possible?: boolean;
  readonly onAct: () => void;
}

interface ActionMenuProps {
  /** The word on the button; without it three dots, called by `label`. */
  readonly word?: string;
  readonly label: string;
  readonly actions: readonly MenuAction[];
}

/** A button that unfolds what can be done. */
export function ActionMenu({ word, label, actions }: ActionMenuProps) {
  const toggle = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={isOpen}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={{
        toggleRef: toggle,
        toggleNode: (
          <MenuToggle
            ref={toggle}
            isExpanded={isOpen}
            onClick={() => setOpen(!isOpen)}
            {...(word === undefined
              ? { variant: 'plain', size: 'sm', icon: <EllipsisVIcon />, 'aria-label': label }
              : { 'aria-label': label })}
          >
            {word}
          </MenuToggle>
        ),
      }}
    >
      <DropdownList>
        {actions.map(({ name, about, possible = true, onAct }) => (
          <DropdownItem
            key={name}
            isAriaDisabled={!possible}
            {...(about === undefined ? {} : { description: about })}
            onClick={onAct}
          >
            {name}
          </DropdownItem>
        ))}
      </DropdownList>
    </Dropdown>
  );
}
