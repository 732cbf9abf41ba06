import { Button, Form, FormGroup, FormSelect, FormSelectOption } from '@patternfly/react-core';
import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import type { CommandResponse } from '#contract/channels.ts';
import { useServices } from '#renderer/app/services.ts';
import { Panel } from '#renderer/components/Panel.tsx';
import { ScreenTitle } from '#renderer/components/ScreenTitle.tsx';
import { SettingsFields } from '#renderer/features/migrate/SettingsFields.tsx';
import { defaultPreferences, themes, type Theme } from '#renderer/stores/preferences.ts';
import { Name } from '#renderer/components/Name.tsx';

const themeNames: Readonly<Record<Theme, string>> = { auto: 'As the system has it', light: 'Light', dark: 'Dark' };

export function SettingsScreen() {
  const { preferences } = useServices();
  const { theme, settings } = useStore(preferences);
  return (
    <>
      <ScreenTitle name="Settings" about="Remembered by this window alone." />
      <div className="sy-stack sy-narrow">
        <Panel title="Appearance">
          <Form isHorizontal>
            <FormGroup label="Theme" fieldId="theme">
              <FormSelect
                id="theme"
                value={theme}
                onChange={(_event, value) =>
                  preferences.change({ theme: themes.find((one) => one === value) ?? 'auto' })
                }
              >
                {themes.map((one) => (
                  <FormSelectOption key={one} value={one} label={themeNames[one]} />
                ))}
              </FormSelect>
            </FormGroup>
          </Form>
        </Panel>
        <Panel
          title="Settings of a new migration"
          aside={
            <Button
              variant="link"
              isInline
              onClick={() =>
                preferences.change({
                  settings: defaultPreferences.settings,
                  policyWhenOn: defaultPreferences.policyWhenOn,
                  lastMove: undefined,
                })
              }
            >
              Forget what was remembered
            </Button>
          }
        >
          <SettingsFields
            settings={settings}
            onChange={(changes) => preferences.change({ settings: { ...settings, ...changes } })}
          />
        </Panel>
        <About />
      </div>
    </>
  );
}

function About() {
  const { ask } = useServices();
  const [about, setAbout] = useState<CommandResponse<'application.describe'>>();
  useEffect(() => void ask('application.describe', {}).then(setAbout), [ask]);
  return (
    <Panel title="About">
      <p>
        Switchyard {about?.version}
        {about && (
          <span className="sy-subtle">
            {' '}
            · started by <Name of={about.user} />, whose name goes into every record
          </span>
        )}
      </p>
    </Panel>
  );
}
