#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# npm run test:vm: the tests of the data plane in virtual machines, one for each pinned kernel.
set -eu
cd "$(dirname "$0")/.."
sh tools/setup.sh vm
exec bash vm-images/matrix.sh "$@"
