#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [-c CPUS] [-m MIB] [-t SECONDS] -i IMAGE -o FOLDER ID JOB: boots kernel ID on the root IMAGE, runs the shell
# script JOB in it as root, and exits with its status. FOLDER gets output.log (of the job), console.log and qemu.log.
# 124: no end within SECONDS. 125: the guest died (panic). 250-253: the guest's start failed (guest-init).
. "$(dirname "$0")/env.sh"
cpus=1 memory=1024 seconds=300 image='' out=''
while getopts c:m:t:i:o: option; do
  case $option in
  c) cpus=$OPTARG ;;
  m) memory=$OPTARG ;;
  t) seconds=$OPTARG ;;
  i) image=$OPTARG ;;
  o) out=$OPTARG ;;
  *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
kernel=$VM_CACHE/$1 job=$2
[ -e "$kernel/vmlinux" ] || die "kernel $1 is not in the cache: run fetch.sh $1"
mkdir -p "$out/cpio"
rm -f "$out"/*.log

# Two archives in a row are one initramfs: no limit on the job's length, no further device.
install -m 755 "$here/guest-init" "$out/cpio/init"
install -m 755 "$job" "$out/cpio/job.sh"
cp "$kernel/initrd.cpio" "$out/initrd"
(cd "$out/cpio" && printf 'init\njob.sh\n' | cpio -o -H newc --quiet -R 0:0) >> "$out/initrd"
rm -rf "$out/cpio"
trap 'rm -f "$out/initrd" "$out/verdict.log"' EXIT

case ${VM_ACCELERATOR:-$("$here/kvm-probe.sh" "$kernel/vmlinux")} in
kvm) machine=(-accel kvm -cpu host) scale=1 ;;
*) machine=(-accel 'tcg,thread=multi,tb-size=256' -cpu 'max,la57=off') scale=15 ;;
esac
status=0
(bound timeout -k 5 "$seconds" setpriv --pdeathsig KILL qemu-system-x86_64 \
  -nodefaults -no-user-config -display none -no-reboot -machine q35,hpet=off "${machine[@]}" -m "$memory" -smp "$cpus" \
  -kernel "$kernel/vmlinux" -initrd "$out/initrd" -device virtio-rng-pci \
  -drive "file=$image,if=none,id=root,format=raw,readonly=on" -device virtio-blk-pci,drive=root \
  -serial "file:$out/console.log" -serial "file:$out/output.log" -serial "file:$out/verdict.log" \
  -append "console=ttyS0,115200 rdinit=/init kmesh.scale=$scale panic=-1 oops=panic mitigations=off audit=0 random.trust_cpu=on") \
  < /dev/null > "$out/qemu.log" 2>&1 || status=$?

verdict=$(sed -n 's/^exit \([0-9]*\).*/\1/p' "$out/verdict.log" 2> /dev/null | tail -n 1) || verdict=
if [ -n "$verdict" ]; then exit "$verdict"; fi
if [ $status = 124 ] || [ $status = 137 ]; then exit 124; fi
exit 125
