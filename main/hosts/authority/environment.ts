/** Where programs are looked for by a QEMU that we start; its own PATH could lead anywhere. */
export const safeSearchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What changes how QEMU speaks, shows and sounds, and makes it load no code that its command line does not name. */
const carriedOver: ReadonlySet<string> = new Set([
  'DISPLAY',
  'HOME',
  'LANG',
  'LANGUAGE',
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
  const isCarried = (name: string): boolean => carriedOver.has(name) || /^LC_[A-Z]+$/.test(name);
  const entries = Object.entries(source);
  return {
    environment: { ...Object.fromEntries(entries.filter(([name]) => isCarried(name))), PATH: safeSearchPath },
    leftOut: entries
      .map(([name]) => name)
      .filter((name) => !isCarried(name) && !withoutMeaning.has(name))
      .toSorted(),
  };
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
