# Sourced, with `root` set, by everything that starts from a bare checkout. `set_up run` makes the command line runnable,
# `set_up serve` the app in a browser as well, `set_up window` the desktop app; `set_up test` brings in what the tests use,
# and leaves the build to them. Each step first looks whether it has anything to do: when nothing is missing the cost is
# some short processes (cmp, find). Nothing here reads stdin or writes to stdout.
# Any failure ends with exit code 2: nothing was started.

. "$root/scripts/packages.sh"

# A login without root often lacks the folders where Debian keeps tc and its kin.
case ":$PATH:" in
*:/usr/sbin:*) ;;
*) PATH="$PATH:/usr/sbin:/sbin" && export PATH ;;
esac

log="$root/.cache/setup.log"
bin="$root/node_modules/.bin"
stamps="$root/out/.built"

set_up() {
  purpose=$1
  find_missing_packages "$purpose"
  if [ -z "$missing" ] && modules_are_installed && build_is_good_enough; then
    return
  fi
  if [ -n "$missing" ]; then
    require_package_rights
  fi
  mkdir -p "$root/.cache" 2>/dev/null && [ -w "$root" ] && [ -w "$root/.cache" ] ||
    stop "set-up is due, and this user may not write to $root: start it once as $(stat -c %U "$root")"
  # One set-up at a time; a start that waited looks again and finds nothing left to do. The subshell owns the lock, so no
  # later process can inherit it.
  (
    flock --nonblock 9 || { say 'another start is setting up; waiting for it' && flock 9; }
    : >"$log"
    find_missing_packages "$purpose"
    if [ -n "$missing" ]; then
      step "installing Debian packages:$missing" install_packages
      find_missing_packages "$purpose"
      [ -z "$missing" ] || stop "apt-get finished, yet this is still missing:$missing (log: $log)"
    fi
    if ! modules_are_installed; then
      require_node
      step 'installing npm packages' install_modules
      modules_are_installed || stop "npm did not run the install scripts (is ignore-scripts set?): run 'npm ci --ignore-scripts=false' in $root"
    fi
    needs_no_build run serve window || command_line_is_built || step 'building the command line' build_command_line
    needs_no_build serve window || content_is_built || step "building the windows' content" build_content
    needs_no_build window || shell_is_built || step 'building the desktop shell' build_shell
  ) 9>"$root/.cache/setup.lock" || exit $?
}

say() {
  printf 'switchyard: %s\n' "$*" >&2
}

stop() {
  say "$*"
  exit 2
}

# step TEXT COMMAND: one line on the terminal, everything the command prints in the log. Descriptor 9 is the lock.
step() {
  printf 'switchyard: %s ... ' "$1" >&2
  began=$(date +%s)
  if (cd "$root" && "$2") </dev/null >>"$log" 2>&1 9>&-; then
    printf 'done in %s s\n' "$(($(date +%s) - began))" >&2
  else
    printf 'failed\n' >&2
    tail -n 12 "$log" >&2
    stop "the full log is in $log"
  fi
}

# The root package's postinstall leaves a copy of the lock file that it installed: present only when npm went through to
# the end, equal only while nothing has changed since.
modules_are_installed() {
  [ -x "$bin/node" ] && cmp -s "$root/package-lock.json" "$root/node_modules/.installed-lock.json"
}

require_node() {
  if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    stop 'Node.js 20 or newer with npm is needed to begin (the project then brings its own Node.js 24): see https://nodejs.org/en/download'
  fi
  version=$(outside_modules node -p process.versions.node)
  [ "${version%%.*}" -ge 20 ] || stop "Node.js $version is too old: 20 or newer is needed to begin, see https://nodejs.org/en/download"
}

# Under `npm test` the first node on the PATH is the very one that `npm ci` is about to delete.
outside_modules() {
  PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v '/node_modules/' | paste -s -d ':' -) "$@"
}

# Electron's own binary is not needed to build or to run the command line, and may be out of reach.
install_modules() {
  outside_modules env ELECTRON_SKIP_BINARY_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=warn
}

build_is_good_enough() {
  { needs_no_build run serve window || command_line_is_built; } &&
    { needs_no_build serve window || content_is_built; } &&
    { needs_no_build window || shell_is_built; }
}

# needs_no_build PURPOSE...: whether this set-up has none of these purposes.
needs_no_build() {
  case " $* " in
  *" $purpose "*) return 1 ;;
  esac
}

command_line_is_built() {
  is_built out/main/cli.js contract native main lab package.json package-lock.json cli.vite.config.ts scripts/data-files.ts
}

content_is_built() {
  is_built out/renderer/index.html contract renderer package-lock.json renderer.vite.config.ts
}

shell_is_built() {
  is_built out/main/shell.js contract native main lab preload package.json package-lock.json electron.vite.config.ts \
    scripts/data-files.ts
}

# is_built FILE SOURCE...: FILE is there, and no source is newer than its stamp. Folders count as sources too: their time
# changes when a file in them is removed.
is_built() {
  stamp="$stamps-$(basename "$1")"
  [ -f "$root/$1" ] && [ -f "$stamp" ] && shift && [ -z "$(
    cd "$root" && find "$@" -newer "$stamp" ! -name '*.test.ts' ! -name '*.test.tsx' ! -name '*.md' -print -quit
  )" ]
}

build_command_line() {
  build cli.js vite build --config cli.vite.config.ts --logLevel warn
}

build_content() {
  build index.html vite build --config renderer.vite.config.ts --logLevel warn
}

build_shell() {
  build shell.js electron-vite build --config electron.vite.config.ts --ignoreConfigWarning --logLevel warn
}

# build NAME COMMAND...: the stamp takes the time before the build: a source saved in the middle of it is newer, and is
# built next time.
build() {
  stamp="$stamps-$1"
  shift
  mkdir -p out && : >"$stamp.new" && NO_COLOR=1 PATH="$bin:$PATH" "$@" && mv "$stamp.new" "$stamp"
}
