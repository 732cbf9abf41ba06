# Whether the desktop app can open here. Sourced, with `root` set, by the launcher.

# Sets `electron` to the program, and `why_no_window` to the reason where it cannot be used; empty where it can.
find_electron() {
  electron="${ELECTRON_OVERRIDE_DIST_PATH:-$root/node_modules/electron/dist}/electron"
  why_no_window=
  if [ ! -x "$electron" ]; then
    why_no_window="no window: Electron's program is not here (node node_modules/electron/install.js fetches it)"
  elif [ -z "${DISPLAY-}${WAYLAND_DISPLAY-}" ]; then
    why_no_window='no window: there is no display'
  elif [ "$(id -u)" = 0 ]; then
    why_no_window='no window: Electron keeps its sandbox, and does not run as root'
  fi
}
