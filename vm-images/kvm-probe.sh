#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kvm-probe.sh VMLINUX: prints "kvm" if KVM really boots that kernel here, else "tcg". That /dev/kvm exists proves
# nothing: on a host without hardware virtualization (PVM) QEMU aborts, hangs or crawls. Asked once per boot of the host.
. "$(dirname "$0")/env.sh"
memo=$VM_CACHE/accelerator
boot=$(cat /proc/sys/kernel/random/boot_id)
known=$(cat "$memo" 2> /dev/null) || known=
if [ "${known% *}" != "$boot" ]; then
  known="$boot tcg"
  if [ -w /dev/kvm ]; then
    console=$(timeout -k 1 8 qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -machine q35 \
      -accel kvm -cpu host -m 256 -kernel "$1" -serial stdio -append 'console=ttyS0 panic=-1' < /dev/null 2> /dev/null) || true
    # Without a root file system the kernel panics at the very end of its start: that is success.
    case $console in *'Kernel panic - not syncing: VFS'*) known="$boot kvm" ;; esac
  fi
  echo "$known" > "$memo"
fi
echo "${known##* }"
