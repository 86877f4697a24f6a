#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# npm start [-- OPTIONS]: the demonstration, or kmeshd with --config or --xds-address.
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
  echo "npm start needs root: it loads BPF programs, attaches them to a cgroup that it makes," >&2
  echo "and gives the demonstration's processes network namespaces of their own. Nothing stays behind." >&2
  exit 1
fi
sh tools/setup.sh
exec node dist/cli/start/main.js "$@"
