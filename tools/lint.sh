#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# lint.sh [biome|eslint|clang-format|shellcheck]: without an argument all of them.
# Ends with 3 where the one asked for is not installed. lint.sh --write formats instead.
set -eu
cd "$(dirname "$0")/.."

# find_files EXPRESSION...: our own files, one on a line.
find_files() {
  find . \( -name node_modules -o -name dist -o -name build -o -name .git -o -name .tap \) -prune \
    -o -type f \( "$@" \) -print | sort
}

c_files() { find_files -name '*.c' -o -name '*.h' -o -name '*.cc'; }

shell_scripts() {
  find_files -name '*.sh'
  # By their first line: those without an ending, and not the ones that node or python runs.
  find_files ! -name '*.*' -o -path './.ci/*' | xargs grep -lE '^#!/bin/(ba)?sh|^#!/usr/bin/env (ba)?sh' || true
}

need() {
  command -v "$1" > /dev/null || {
    echo "$1 is not installed"
    exit 3
  }
}

lint() {
  case $1 in
  biome) node_modules/.bin/biome check . ;;
  eslint) node_modules/.bin/eslint . ;;
  clang-format)
    need clang-format
    c_files | xargs clang-format --dry-run -Werror
    ;;
  shellcheck)
    need shellcheck
    shell_scripts | xargs shellcheck
    ;;
  *)
    echo "lint.sh: no linter named $1" >&2
    exit 2
    ;;
  esac
}

if [ "${1:-}" = --write ]; then
  c_files | xargs clang-format -i
  exec node_modules/.bin/biome check --write .
fi
if [ $# -gt 0 ]; then
  lint "$1"
  exit
fi
failed=0
for linter in biome eslint clang-format shellcheck; do
  (lint "$linter") || failed=1
done
exit "$failed"
