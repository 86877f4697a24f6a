#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The addon and the BPF objects, into build/. Does nothing when nothing changed.
set -eu
cd "$(dirname "$0")/.."
# CMake remembers absolute paths: in a folder that was moved or copied, start afresh.
if ! grep -qsxF "CMAKE_HOME_DIRECTORY:INTERNAL=$(pwd -P)/native" build/native/CMakeCache.txt; then
	rm -rf build/native
fi
exec npx --no-install cmake-js build -l error -d native -O build/native
