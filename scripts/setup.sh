# Sourced, with `root` set, by everything that starts from a bare checkout. `set_up run` makes the command line runnable;
# `set_up test` brings in what the tests use, and leaves the build to them. Each step first looks whether it has anything
# to do: when nothing is missing the cost is two short processes (cmp, find). Nothing here reads stdin or writes to stdout.
# Any failure ends with exit code 2: nothing was started.

. "$root/scripts/packages.sh"

# A login without root often lacks the folders where Debian keeps tc and its kin.
case ":$PATH:" in
*:/usr/sbin:*) ;;
*) PATH="$PATH:/usr/sbin:/sbin" && export PATH ;;
esac

log="$root/.cache/setup.log"
bin="$root/node_modules/.bin"
stamp="$root/out/.built"

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
  # One set-up at a time; whoever waited looks again and finds nothing left to do. The subshell owns the lock, so no
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
    build_is_good_enough || step 'building the command line' build_command_line
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
  [ "$purpose" = test ] || command_line_is_built
}

# Folders count as sources too: their time changes when a file in them is removed.
command_line_is_built() {
  [ -f "$root/out/main/cli.js" ] && [ -f "$stamp" ] && [ -z "$(
    find "$root/contract" "$root/native" "$root/main" "$root/lab" "$root/package.json" "$root/package-lock.json" \
      "$root/cli.vite.config.ts" -newer "$stamp" ! -name '*.test.ts' -print -quit
  )" ]
}

# The stamp takes the time before the build: a source saved in the middle of it is newer, and is built next time.
build_command_line() {
  mkdir -p out &&
    : >"$stamp.new" &&
    NO_COLOR=1 PATH="$bin:$PATH" vite build --config cli.vite.config.ts --logLevel warn &&
    mv "$stamp.new" "$stamp"
}
