#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# npm run bench -- NAME [--json]
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh
exec node dist/bench/main.js "$@"
