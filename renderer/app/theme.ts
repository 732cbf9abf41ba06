import type { PreferencesStore, Theme } from '#renderer/stores/preferences.ts';

const darkClass = 'pf-v6-theme-dark';

/** Puts PatternFly's dark class on the page as the preference or else the system says, now and whenever either changes. */
export function applyTheme(preferences: PreferencesStore): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    const dark = isDark(preferences.getState().theme, system.matches);
    document.documentElement.classList.toggle(darkClass, dark);
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  };
  system.addEventListener('change', apply);
  preferences.subscribe(apply);
  apply();
}

function isDark(theme: Theme, systemIsDark: boolean): boolean {
  return theme === 'dark' || (theme === 'auto' && systemIsDark);
}

/** Charts paint with colours that they have to read again then. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}
