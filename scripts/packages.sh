# Which packages of the distribution are needed, found by what they provide: COMMAND=PACKAGE or /FILE=PACKAGE, with the
# package's Debian name. Sourced by setup.sh.

needed_to_run='qemu-system-x86_64=qemu-system-x86 ip=iproute2 tc=iproute2 ss=iproute2 flock=util-linux nsenter=util-linux
unshare=util-linux setpriv=util-linux'

needed_to_test='chromium=chromium /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf=fonts-dejavu-core gcc=gcc
/usr/include/stdio.h=libc6-dev as=binutils ld=binutils objcopy=binutils
sysctl=procps nft=nftables swtpm=swtpm'

# Where other distributions keep the firmware differs, and the test of a guest with UEFI then skips itself.
needed_to_test_on_debian='/usr/share/OVMF/OVMF_CODE.fd=ovmf'

# Sets `missing` to the packages to install, each with a blank before it; empty when all is there.
find_missing_packages() {
  needs=$needed_to_run
  [ "$1" != test ] || needs="$needs $needed_to_test"
  [ "$1" != test ] || [ ! -e /etc/debian_version ] || needs="$needs $needed_to_test_on_debian"
  missing=
  for need in $needs; do
    thing=${need%%=*}
    package=${need#*=}
    case $thing in
    /*) [ ! -e "$thing" ] || continue ;;
    *) ! command -v "$thing" >/dev/null || continue ;;
    esac
    case "$missing " in
    *" $package "*) ;;
    *) missing="$missing $package" ;;
    esac
  done
}

os_release=/etc/os-release

# Ends with the command to type where this system is not Debian's, or where we may not install.
require_package_rights() {
  family=$( (. "$os_release" && echo "${ID-} ${ID_LIKE-}") 2>/dev/null) || family=unknown
  case " $family " in
  *' debian '*)
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null ||
      stop "packages are missing and need root; type: sudo apt-get install --no-install-recommends$missing"
    ;;
  *' fedora '*) stop "packages are missing; type: sudo dnf install$(names_for fedora)" ;;
  *' arch '*) stop "packages are missing; type: sudo pacman -S$(names_for arch)" ;;
  *' suse '* | *' opensuse '*) stop "packages are missing; type: sudo zypper install$(names_for suse)" ;;
  *) stop "this needs what Debian calls$missing: install your distribution's packages of that content, then start again" ;;
  esac
}

names_for() {
  for package in $missing; do
    case "$1 $package" in
    'suse qemu-system-x86') package=qemu-x86 ;;
    'fedora iproute2') package='iproute iproute-tc' ;;
    'fedora procps' | 'arch procps') package=procps-ng ;;
    'arch libc6-dev') package=glibc ;;
    *' libc6-dev') package=glibc-devel ;;
    'fedora fonts-dejavu-core') package=dejavu-sans-fonts ;;
    'arch fonts-dejavu-core') package=ttf-dejavu ;;
    'suse fonts-dejavu-core') package=dejavu-fonts ;;
    esac
    printf ' %s' "$package"
  done
}

# An out-of-date index is worse than none: names resolve to versions that the mirror no longer has. A failing update is
# left to the installation to judge, since one dead third-party source must not stop it.
install_packages() {
  as_root=
  [ "$(id -u)" = 0 ] || as_root='sudo -n'
  apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2"
  $apt update || true
  # shellcheck disable=SC2086 -- one word a package
  $apt install -y --no-install-recommends $missing
}
