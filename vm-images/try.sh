#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# try.sh ID COMMAND...: runs a shell command in a guest with kernel ID, in the project's folder, and prints its output.
# Options of run.sh may be given in VM_OPTIONS, as VM_OPTIONS='-c 2 -t 60'.
. "$(dirname "$0")/env.sh"
id=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$*" > "$work/job"
"$here/fetch.sh" "$id"
"$here/mkroot.sh" "$work/root.ext4"
status=0
read -ra options <<< "${VM_OPTIONS:-}"
"$here/run.sh" "${options[@]}" -i "$work/root.ext4" -o "$work/logs" "$id" "$work/job" || status=$?
cat "$work/logs/output.log"
if [ $status -ge 124 ]; then tail -n 40 "$work/logs/console.log"; fi
exit $status
