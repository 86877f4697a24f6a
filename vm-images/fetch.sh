#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fetch.sh ID: puts a kernel of kernels.conf into $VM_CACHE/ID: vmlinux, initrd.cpio and release.
# A complete cache needs no network. Without a mirror an outdated cache will do, with a warning.
. "$(dirname "$0")/env.sh"
id=$1
line=$(awk -v id="$id" '$1 == id' "$VM_KERNELS")
[ -n "$line" ] || die "no kernel $id in $VM_KERNELS"
read -r _ suite release version <<< "$line"
dir=$VM_CACHE/$id
mkdir -p "$VM_CACHE"
exec 9> "$VM_CACHE/$id.lock"
flock 9

stamp=$(cat <(echo "$line") "$here/modules.list" "$here/mkinitrd.sh" | sha256sum)
if [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ]; then
  cat "$dir/warning" >&2
  exit 0
fi
give_up() {
  [ -e "$dir/stamp" ] || die "$1"
  echo "warning: kernel $id: $1; going on with $(cat "$dir/release") from the cache" >&2
  exit 0
}
APT_CONFIG=$(timeout -k 5 120 "$here/apt.sh" "$suite") || give_up "suite $suite cannot be read"
export APT_CONFIG

# Exactly the pinned package, else the newest of the same major.minor.
warning=
if [[ $(apt-cache madison "linux-image-$release") != *" $version | "* ]]; then
  pinned="$release $version"
  newest=$(apt-cache pkgnames "linux-image-$id." | grep -E '^linux-image-[0-9.]+[0-9a-z.+~-]*-cloud-amd64$' | sort -V | tail -n 1) ||
    give_up "neither $pinned nor any other $id cloud kernel is in $suite"
  release=${newest#linux-image-}
  version=$(apt-cache show --no-all-versions "$newest" | sed -n 's/^Version: //p')
  warning="warning: kernel $id: $pinned has left $suite, taking $release $version; pin it in kernels.conf"
  echo "$warning" >&2
fi

new=$dir.new
trap 'rm -rf "$new"' EXIT
rm -rf "$new"
mkdir -p "$new/debs" "$new/tree"
# From 7.0 on the image package is empty and names the packages that hold the kernel and its modules.
mapfile -t parts < <(apt-cache show "linux-image-$release=$version" | sed -n 's/^Depends: //p' | tr ',' '\n' |
  sed -nE "s/^ *(linux-(binary|modules)-[^ ]*) .*/\1=$version/p")
(cd "$new/debs" && timeout -k 5 300 apt-get -qq download "linux-image-$release=$version" "${parts[@]}") ||
  give_up "the packages of $release $version cannot be downloaded"
for deb in "$new"/debs/*.deb; do dpkg-deb -x "$deb" "$new/tree"; done

first() { for f in "$@"; do if [ -e "$f" ]; then echo "$f" && return; fi; done; die "$release: none of $*"; }
modules=$(first "$new/tree/lib/modules/$release" "$new/tree/usr/lib/modules/$release")
image=$(first "$new/tree/boot/vmlinuz-$release" "$modules/vmlinuz")
"$here/extract-vmlinux.sh" "$image" "$new/vmlinux"
"$here/mkinitrd.sh" "$modules" "$new/initrd.cpio"
echo "$release" > "$new/release"
echo -n "${warning:+$warning$'\n'}" > "$new/warning"
echo "$stamp" > "$new/stamp"
rm -rf "$new/debs" "$new/tree" "$dir"
mv "$new" "$dir"
