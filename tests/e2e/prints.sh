#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# prints.sh PATTERN PROGRAM: the program ends well and prints a line that matches.
set -eu
printed=$("$2")
printf '%s\n' "$printed"
printf '%s\n' "$printed" | grep -Eq "$1"
