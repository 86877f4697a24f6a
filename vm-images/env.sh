# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the scripts of this folder: where things are.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VM_CACHE=${VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kmesh-vm}
VM_KERNELS=${VM_KERNELS:-$here/kernels.conf}
export VM_CACHE VM_KERNELS

die() {
  echo "$*" >&2
  exit 1
}

# Runs a command that ends with us, however we end (kill -9 included).
bound() { exec setpriv --pdeathsig TERM "$@"; }
