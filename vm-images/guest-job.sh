#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The job of test:vm, run in the guest's /kmesh: the tests of tests.list by the runner of npm test. Each has its time,
# so that one that hangs does not hide the others.
export KMESH_FILE_SECONDS=240
# shellcheck disable=SC2046 # a list of names
exec node dist/tools/run-tests.js $(grep -v '^#' vm-images/tests.list | sed 's,^test/,,')
