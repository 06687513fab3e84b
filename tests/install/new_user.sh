#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the README promises, tried as a new user would: a bare Debian 12, the checkout in it, and the
# README's two commands.
#   tests/install/new_user.sh [--worktree] FOLDER [COMMAND...]
# FOLDER keeps the Debian root (FOLDER/base, made once by debootstrap; FOLDER/root is a fresh copy of
# it each time). What is tried is HEAD, or with --worktree the files as they are. COMMAND replaces
# the two commands. Needs root, debootstrap (tools/packages.sh roots) and the network: not a CTest.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/../.." && pwd)
source "$here/debian_root.sh"

worktree=no
if [[ ${1-} == --worktree ]]; then
  worktree=yes
  shift
fi
[[ $# -ge 1 ]] || { sed -n 's/^#   /usage: /p' "${BASH_SOURCE[0]}" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift

make_base "$folder"
root=$folder/root
rm -rf "$root"
cp -a --reflink=auto "$folder/base" "$root"
mkdir "$root/root/brood"
if [[ $worktree == yes ]]; then
  git -C "$checkout" ls-files -co --exclude-standard -z |
    tar -c -C "$checkout" --null --ignore-failed-read -T - | tar -x -C "$root/root/brood"
else
  git -C "$checkout" archive HEAD | tar -x -C "$root/root/brood"
fi

# From a folder that is not the checkout's: no command may lean on where it is called.
try() {
  local began=$SECONDS
  printf '\n>>> %s\n' "$*"
  inside "$root" bash -c 'cd /root && exec "$@"' - "$@"
  printf '<<< ended well after %d s\n' $((SECONDS - began))
}
if [[ $# -gt 0 ]]; then
  try "$@"
else
  try brood/tools/quickstart.sh
  try brood/tools/test.sh
  try brood/tools/quickstart.sh trials=8
fi
