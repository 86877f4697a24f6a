#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# extract-vmlinux.sh BZIMAGE OUT: the uncompressed ELF kernel inside a bzImage. QEMU starts it directly (PVH), which
# saves the slow decompression under emulation. Offsets: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header".
. "$(dirname "$0")/env.sh"
image=$1 out=$2

number() { od -An "-tu$2" -j "$1" -N "$2" "$image" | tr -d ' '; }
setup_sectors=$(number 497 1)
[ "$setup_sectors" -gt 0 ] || setup_sectors=4
start=$(((setup_sectors + 1) * 512 + $(number 584 4)))
# The last four bytes of the payload are its uncompressed size, not a part of the stream.
length=$(($(number 588 4) - 4))

case $(od -An -tx1 -j "$start" -N 4 "$image" | tr -d ' ') in
1f8b*) unpack=(gzip -dc) ;;
fd377a58) unpack=(xz -dc --single-stream) ;;
28b52ffd) unpack=(zstd -dcq) ;;
02214c18) unpack=(lz4 -dcq) ;;
*) die "$image: unknown compression" ;;
esac
dd if="$image" iflag=skip_bytes,count_bytes skip="$start" count="$length" bs=1M status=none | "${unpack[@]}" > "$out"
[ "$(head -c 4 "$out" | od -An -tx1 | tr -d ' ')" = 7f454c46 ] || die "$image: no ELF kernel inside"
