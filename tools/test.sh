#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# npm test [-- PART-OF-A-NAME...]: linters, generated code, all tests or those named.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh
exec node dist/tools/run-tests.js "$@"
