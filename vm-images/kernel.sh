#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kernel.sh ID IMAGE FOLDER: runs tests.list on one kernel. Prints failures, skips and one line with the totals, and
# leaves "PASSED FAILED SKIPPED" in FOLDER/counts. Logs go to $VM_CACHE/logs/ID.
. "$(dirname "$0")/env.sh"
id=$1 image=$2 folder=$3
logs=$VM_CACHE/logs/$id
start=$SECONDS
status=0
(bound "$here/run.sh" -t "${VM_TIMEOUT:-600}" -i "$image" -o "$logs" "$id" "$here/guest-job.sh") || status=$?
touch "$logs/output.log" "$logs/console.log"
mapfile -t lines < <(tr -d '\r' < "$logs/output.log" | grep -v '^ok  ')

passed=0 failed=0 skipped=0
{
  if [[ ${lines[*]: -1} =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    passed=${BASH_REMATCH[1]} failed=${BASH_REMATCH[2]} skipped=${BASH_REMATCH[4]:-0}
    unset 'lines[-1]'
  elif [ "$status" = 0 ]; then
    status=1
  fi
  if [ ${#lines[@]} -gt 0 ]; then printf "$id: %s\n" "${lines[@]}"; fi
  for line in "${lines[@]}"; do
    if [[ $line == skipped:* && $line != *')' ]]; then
      failed=$((failed + 1))
      echo "$id: FAILED: a test that is skipped must say why: ${line#skipped: }"
    fi
  done
  if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    failed=1
    echo "$id: FAILED: the tests did not end"
  fi
  case $status in
  0 | 1) ;;
  124) echo "$id: no end within the time limit" ;;
  125) echo "$id: the guest died" ;;
  *) echo "$id: the guest could not run the tests: status $status" ;;
  esac
  if [ "$status" -ge 124 ]; then
    tail -n 40 "$logs/console.log"
    cat "$logs/qemu.log"
  fi
  echo "$id: $passed passed, $failed failed, $skipped skipped in $((SECONDS - start)) s ($(cat "$VM_CACHE/$id/release"))"
} > "$folder/report"
echo "$passed $failed $skipped" > "$folder/counts"
cat "$folder/report"
