#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# selftest.sh ID IMAGE FOLDER: proves that run.sh tells a job's own status, a panic and a hang apart. As kernel.sh, but
# of the harness: a matrix that cannot fail would prove nothing.
. "$(dirname "$0")/env.sh"
id=$1 image=$2 folder=$3
passed=0 failed=0
expect() {
  local name=$1 expected=$2 seconds=$3 status=0
  echo "$4" > "$folder/job"
  (bound "$here/run.sh" -t "$seconds" -i "$image" -o "$folder/logs" "$id" "$folder/job") || status=$?
  if [ "$status" = "$expected" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "harness: FAILED $name: status $status instead of $expected"
    tail -n 40 "$folder/logs/console.log"
  fi
}
expect 'the status of the job is reported' 7 120 'exit 7'
expect 'a panic is reported' 125 120 'echo c > /proc/sysrq-trigger; sleep 60'
expect 'a hang is ended' 124 8 'sleep 60'
echo "$passed $failed 0" > "$folder/counts"
echo "harness: $passed passed, $failed failed, 0 skipped (on $id)"
