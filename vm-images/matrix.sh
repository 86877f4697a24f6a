#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# matrix.sh [-j N] [ID...]: runs the tests of tests.list on the kernels, all or those named, N at a time. Failures and
# skips are named, each kernel has a line with its totals, the last line is "N passed, N failed[, N skipped]".
. "$(dirname "$0")/env.sh"
jobs=2
while getopts j: option; do
  case $option in
  j) jobs=$OPTARG ;;
  *) die 'usage: [-j N] [ID...]' ;;
  esac
done
shift $((OPTIND - 1))
mapfile -t ids < <(awk -v wanted=" $* " '!/^#/ && NF && (wanted == "  " || index(wanted, " " $1 " ")) { print $1 }' "$VM_KERNELS")
for id; do
  [[ " ${ids[*]} " == *" $id "* ]] || die "no kernel $id in $VM_KERNELS"
done

[ "$(uname -m)" = x86_64 ] || die 'the guests are x86_64, this machine is not'
(cd "$here/.." && grep -v '^#' vm-images/tests.list | xargs ls > /dev/null) || die 'tests.list names a file that does not exist'

mkdir -p "$VM_CACHE"
for old in "$VM_CACHE"/run.*; do # of runs that were killed
  if [ -e "$old" ] && ! kill -0 "${old##*.}" 2> /dev/null; then rm -rf "$old"; fi
done
work=$VM_CACHE/run.$$
mkdir "$work"
stop() {
  mapfile -t children < <(jobs -p)
  if [ ${#children[@]} -gt 0 ]; then kill "${children[@]}" 2> /dev/null || true; fi
  wait
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

# Everything that the guests need, at once.
echo "kernels ${ids[*]}: fetching what is not in $VM_CACHE, making the root image"
(bound "$here/mkroot.sh" "$work/root.ext4") &
image=$!
declare -A fetch
for id in "${ids[@]}"; do
  mkdir "$work/$id"
  (bound "$here/fetch.sh" "$id") 2> "$work/$id/fetch" &
  fetch[$id]=$!
done
passed=0 failed=0 skipped=0 ready=()
for id in "${ids[@]}"; do
  if wait "${fetch[$id]}"; then
    ready+=("$id")
    cat "$work/$id/fetch"
  else
    failed=$((failed + 1))
    cat "$work/$id/fetch"
    echo "$id: FAILED: this kernel could not be had"
  fi
done
wait "$image" || die 'the root image could not be made'

# The guests.
running=0
enter() { # waits for a free place
  if [ "$running" -ge "$jobs" ]; then wait -n || true; else running=$((running + 1)); fi
}
for id in "${ready[@]}"; do
  enter
  (bound "$here/kernel.sh" "$id" "$work/root.ext4" "$work/$id") &
done
if [ ${#ready[@]} -gt 0 ]; then
  enter
  mkdir "$work/harness"
  (bound "$here/selftest.sh" "${ready[0]}" "$work/root.ext4" "$work/harness") &
  ready+=(harness)
fi
wait

for id in "${ready[@]}"; do
  read -r p f s < "$work/$id/counts" || { p=0 f=1 s=0 && echo "$id: FAILED: it left no result"; }
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
total="$passed passed, $failed failed"
if [ "$skipped" -gt 0 ]; then total+=", $skipped skipped"; fi
echo "$total"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
