#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mkroot.sh OUT: the guest's root as a read-only ext4 image, made of files of this machine: node, a few programs with
# their libraries, and the built project in /kmesh. One image serves all kernels. Needs neither root nor mounts.
. "$(dirname "$0")/env.sh"
out=$1 project=$(dirname "$here")
if [ ! -d "$project/dist" ] || [ ! -d "$project/build/bpf" ]; then die "the project is not built: npm run build"; fi
# In memory where there is room: thousands of small files.
staging=$(dirname "$out")
if [ "$(df -k --output=avail /dev/shm 2> /dev/null | tail -n 1)" -gt 1000000 ]; then staging=/dev/shm; fi
work=$(mktemp -d "$staging/kmesh-vm-root.XXXXXX")
trap 'rm -rf "$work"' EXIT

# What busybox lacks or does differently; the other commands are busybox's. Missing ones are passed over. (A busybox
# shell would take its own applets before any program.)
programs=(sh bash readlink ip tc ss nsenter unshare mount umount bpftool)
# What only building and linting needs.
left_out=(./{@biomejs,@eslint,@typescript,@typescript-eslint,eslint,typescript,tshy,cmake-js,node-gyp,es-toolkit,react-dom} '*.d.ts' '*.map')
# Copies files by their real paths; a command that is a link (alternatives) becomes a file of that name.
mkdir -p "$work/usr"/{bin,lib,lib64,sbin} "$work"/{dev,etc,kmesh,mnt,proc,root,run,sys,tmp,var/tmp}
for name in bin lib lib64 sbin; do ln -s "usr/$name" "$work/$name"; done
node=$(node -p process.execPath)
cp "$node" "$work/usr/bin/node"
cp -L "$(command -v busybox)" "$work/usr/bin/busybox"
for name in "${programs[@]}"; do
  if path=$(command -v "$name"); then cp -L "$path" "$work/usr/bin/$name"; fi
done
for file in /etc/{group,hosts,nsswitch.conf,passwd,protocols,services} /etc/iproute2 /usr/share/iproute2; do
  if [ -e "$file" ]; then cp -RL --parents "$file" "$work"; fi
done

# The project: its sources are small, its history and its build tools are not needed.
tar -C "$project" --exclude=./.git --exclude=./node_modules --exclude=./.tap -cf - . | tar -C "$work/kmesh" -xf -
mapfile -t excluded < <(printf -- '--exclude=%s\n' "${left_out[@]}")
mkdir "$work/kmesh/node_modules"
tar -C "$project/node_modules" "${excluded[@]}" -cf - . | tar -C "$work/kmesh/node_modules" -xf -

# The libraries of all that. ldd fails on what has none, as busybox.
{ find "$work/usr/bin" "$work/kmesh/build" -type f \( -perm -u+x -o -name '*.node' \) -exec ldd {} + 2> /dev/null || true; } |
  awk '/=> \// { print $3 } $1 ~ /^\// && $1 !~ /:$/ { print $1 }' | sort -u > "$work/tmp/libraries"
while read -r library; do
  install -D "$(readlink -f "$library")" "$work/usr${library#/usr}"
done < "$work/tmp/libraries"
rm "$work/tmp/libraries"

# Leaves what is there already.
busybox --install -s "$work/usr/bin"

size=$(du -sk "$work" | cut -f 1)
inodes=$(find "$work" | wc -l)
mke2fs -q -F -t ext4 -O '^has_journal,^metadata_csum,^64bit' -m 0 -N $((inodes + 500)) \
  -E root_owner=0:0,lazy_itable_init=1 -d "$work" "$out" $((size * 108 / 100 + 8192))k > /dev/null
