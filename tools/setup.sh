#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# setup.sh [vm]: installs what is missing and says what, then builds what is older than its
# sources. With all in place it does nothing, and needs no network. `vm` adds what the tests in
# virtual machines need.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

die() {
  say "$*"
  exit 1
}

child=
log=$(mktemp)

clean_up() {
  trap '' INT TERM HUP
  # The step leads a process group: all of it ends with us.
  [ -z "$child" ] || kill -- "-$child" 2> /dev/null || true
  wait
  rm -f "$log"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# step TEXT COMMAND...: one line, with the seconds that it takes; its output only where it fails.
step() {
  text=$1
  shift
  start=$(date +%s)
  next=15
  if [ -t 2 ]; then printf 'setup: %s' "$text" >&2; else say "$text ..."; fi
  setsid "$@" > "$log" 2>&1 < /dev/null &
  child=$!
  while kill -0 "$child" 2> /dev/null; do
    sleep 0.2
    seconds=$(($(date +%s) - start))
    if [ -t 2 ]; then
      printf '\r\033[Ksetup: %s ... %s s' "$text" "$seconds" >&2
    elif [ "$seconds" -ge "$next" ]; then
      say "$text ... $seconds s"
      next=$((next + 15))
    fi
  done
  status=0
  wait "$child" || status=$?
  child=
  [ ! -t 2 ] || printf '\r\033[K' >&2
  if [ "$status" -ne 0 ]; then
    tail -n 60 "$log" >&2
    die "$text: failed with status $status, see above"
  fi
  say "$text: done in $(($(date +%s) - start)) s"
}

# --- what must be there, and the Debian package that brings it

missing=
want() { # want PACKAGE COMMAND...: the package is missing unless the command succeeds
  package=$1
  shift
  "$@" > /dev/null 2>&1 || missing="$missing $package"
}
has() { command -v "$1"; }
has_any() { has "$1" || has "$2"; }
has_libbpf() { pkg-config --atleast-version=1.1 libbpf; }
has_header() { echo "#include <$1>" | g++ -E -x c++ -; }

node_is_new() {
  has node && has npm &&
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a * 100 + b >= 2019 ? 0 : 1)'
}

check_node() {
  if node_is_new > /dev/null; then return 0; fi
  die "Node 20.19 or newer with npm is needed, found: $(node --version 2> /dev/null || echo none)." \
    "Debian 13 has it (apt-get install nodejs npm); for others see https://nodejs.org/en/download"
}

check_packages() {
  want clang has clang
  want llvm has llvm-strip
  want clang-format has clang-format
  want cmake has cmake
  want make has_any ninja make
  want g++ has g++
  want pkg-config has pkg-config
  want libbpf-dev has_libbpf
  want libelf-dev has_header libelf.h
  want zlib1g-dev has_header zlib.h
  want linux-libc-dev has_header linux/bpf.h
  want iproute2 has ip
  want mount has mount
  want util-linux has setpriv
  want ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
  want shellcheck has shellcheck
  if [ "${1:-}" = vm ]; then
    want qemu-system-x86 has qemu-system-x86_64
    want cpio has cpio
    want busybox-static has busybox
    want kmod has modprobe
    want e2fsprogs has mke2fs
    want zstd has zstd
    want lz4 has lz4
    want xz-utils has xz
  fi
}

install_packages() {
  # shellcheck source=/dev/null
  system=$(. /etc/os-release && echo "$ID ${VERSION_ID:-}") || system=unknown
  case $system in
  "debian 12" | "debian 13") ;;
  "ubuntu 24.04") say "Ubuntu 24.04 is not tested" ;;
  *) die "missing, by the names that Debian gives them:$missing. Install what brings them here, then start again" ;;
  esac
  say "missing:$missing"
  [ "$(id -u)" -eq 0 ] || die "to install them as root: apt-get install$missing"
  # A source that is out of order need not matter; the installation shows whether it does.
  step "package lists" sh -c 'apt-get -q update || true'
  # shellcheck disable=SC2086 # a list
  step "installing them" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
  missing=
  check_packages "$@"
  [ -z "$missing" ] || die "installed, but still missing:$missing"
}

# --- packages of npm

install_modules() {
  # A link belongs to another checkout, which keeps it up to date.
  [ ! -L node_modules ] || return 0
  installed=node_modules/.package-lock.json
  if [ -e "$installed" ] && [ -z "$(find package-lock.json -newer "$installed")" ]; then return 0; fi
  step "npm ci" npm ci --include=dev
  touch "$installed"
  rm -f build/sources
}

# --- the build

sources() {
  find bpf native controller cli tools bench test package.json package-lock.json tsconfig.json -type f \
    \( -name '*.ts' -o -name '*.c' -o -name '*.cc' -o -name '*.h' -o -name '*.json' -o -name CMakeLists.txt \
    -o -name build-native.sh \) 2> /dev/null | sort
}

# build/sources is the list of all sources, as old as the start of the last build that succeeded.
build_is_new() {
  [ -e build/sources ] && [ -d dist ] && sources | cmp -s - build/sources &&
    [ -z "$(sources | xargs sh -c 'find "$@" -newer build/sources' find)" ]
}

build() {
  mkdir -p build
  sources > build/sources.new
  step "building the addon and the BPF programs" npm run --silent build:native
  step "compiling TypeScript" npm run --silent build:ts
  mv build/sources.new build/sources
}

check_node
check_packages "$@"
[ -z "$missing" ] || install_packages "$@"
install_modules
build_is_new || build
