/** Where programs are looked for by a QEMU that we start; its own PATH could lead anywhere. */
export const safeSearchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Beside the language: what changes how QEMU shows and sounds, and makes it load no code that its command line does not name. */
const carriedOver: ReadonlySet<string> = new Set([
  'DISPLAY',
  'HOME',
  'LOGNAME',
  'PULSE_SERVER',
  'QEMU_AUDIO_DRV',
  'TERM',
  'TMPDIR',
  'TZ',
  'USER',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
]);

/** Set by shells and services for themselves: a QEMU does not need them. */
const withoutMeaning: ReadonlySet<string> = new Set(['PATH', 'PWD', 'OLDPWD', 'SHLVL', 'SHELL', 'MAIL', '_']);

export interface CarriedEnvironment {
  readonly environment: NodeJS.ProcessEnv;
  /** Names of the variables that stay behind, in alphabetical order; never their values. */
  readonly leftOut: readonly string[];
}

/** What a twin gets of the environment of its source. */
export function carriedEnvironment(source: NodeJS.ProcessEnv): CarriedEnvironment {
  const entries = Object.entries(source);
  return {
    environment: {
      ...Object.fromEntries(entries.filter(([name, value]) => isCarried(name, value))),
      PATH: safeSearchPath,
    },
    leftOut: entries
      .filter(([name, value]) => !isCarried(name, value) && !withoutMeaning.has(name))
      .map(([name]) => name)
      .toSorted(),
  };
}

/**
 * The name of a language is no path: `setpriv` reads it while it still is root, and gettext(3) would load the messages that
 * `LANGUAGE=../../../tmp/x` leads to, format strings and all.
 */
function isCarried(name: string, value = ''): boolean {
  const isLocale = /^(LANG|LANGUAGE|LC_[A-Z]+)$/.test(name);
  return isLocale ? !value.includes('/') : carriedOver.has(name);
}

/**
 * Whether a variable decides what code or which settings a QEMU has: the dynamic loader's, the C library's, and those of
 * libraries that QEMU loads. A twin without them may behave otherwise.
 */
export function changesProgram(name: string): boolean {
  return /^(LD_|GLIBC_|GCONV_PATH|MALLOC_|QEMU_|G_|GIO_|GTK_|GDK_|GST_|SDL_|SPICE_|LIBGL_|MESA_|VK_|EGL_|ALSA_|PIPEWIRE_|ASAN_|TSAN_|UBSAN_)/.test(
    name,
  );
}
