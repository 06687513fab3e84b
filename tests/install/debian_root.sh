# SPDX-License-Identifier: Apache-2.0
# Bare Debian 12 roots for new_user.sh and bare_root.sh, which source this file; needs root. Packages
# come from where this machine takes them: mirror, keys, proxy and name resolution are the host's.

# make_base FOLDER: a minimal Debian 12 in FOLDER/base, made once.
make_base() {
  local base=$1/base mirror proxy=
  [[ $(id -u) == 0 ]] || { echo "only root can make a Debian root" >&2; exit 2; }
  [[ ! -e $base/done ]] || return 0
  rm -rf "$base"
  mkdir -p "$base"
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk '$2 == "bookworm" { print $1; exit }')
  [[ -n $mirror ]] || { echo "no source of Debian 12 (bookworm) in /etc/apt" >&2; exit 2; }
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  echo "debootstrap bookworm from $mirror" >&2
  ${proxy:+env http_proxy="$proxy" https_proxy="$proxy"} \
    debootstrap --variant=minbase bookworm "$base" "$mirror" >"$1/debootstrap.log" 2>&1 ||
    { tail -n 20 "$1/debootstrap.log" >&2; exit 2; }

  rm -rf "$base"/etc/apt/sources.list
  cp -a /etc/apt/. "$base/etc/apt/"
  cp -a /usr/share/keyrings/. "$base/usr/share/keyrings/"
  cp -L /etc/hosts /etc/resolv.conf "$base/etc/"
  if [[ -f /etc/ssl/certs/ca-certificates.crt ]]; then  # for a mirror over https
    mkdir -p "$base/etc/ssl/certs"
    cp -L /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/"
  fi
  touch "$base/done"
}

# inside ROOT COMMAND...: runs it in the root as a new machine would, with /proc and /dev, and with
# nothing of this shell's environment. The mounts end with the command.
inside() {
  local root=$1
  shift
  unshare --mount --fork bash -c '
    mount --make-rprivate / && mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
      exec chroot "$0" "$@"' "$root" \
    /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
