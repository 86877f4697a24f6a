#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mkinitrd.sh MODULES OUT: busybox and the modules of modules.list out of the folder MODULES (.../lib/modules/RELEASE).
# /init is not in it: run.sh appends it together with the job.
. "$(dirname "$0")/env.sh"
modules=$1 out=$2
release=$(basename "$modules")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target=$work/initrd/lib/modules/$release
mkdir -p "$target" "$work/initrd/bin" "$work/host/lib/modules"
cp "$(command -v busybox)" "$work/initrd/bin/busybox"

# The packages carry no modules.dep; depmod and modprobe want to see lib/modules/RELEASE. What depmod warns of are the
# lists of built-in modules, which only some packages have and nothing here needs.
ln -s "$modules" "$work/host/lib/modules/$release"
depmod -b "$work/host" "$release" 2> /dev/null
while read -r name; do
  modprobe -d "$work/host" -S "$release" --show-depends "$name" 2> /dev/null || true
done < <(grep -v '^#' "$here/modules.list") | awk '$1 == "insmod" { print $2 }' | sort -u > "$work/files"
while read -r file; do
  case $file in
  *.xz) xz -dc "$file" > "$target/$(basename "$file" .xz)" ;;
  *) cp "$file" "$target/" ;;
  esac
done < "$work/files"
depmod -b "$work/initrd" "$release" 2> /dev/null
(cd "$work/initrd" && find . -print0 | LC_ALL=C sort -z | cpio --null -o -H newc --quiet -R 0:0) > "$out"
