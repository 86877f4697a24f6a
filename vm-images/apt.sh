#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# apt.sh SUITE: refreshes a private apt state for one suite and prints the path of its configuration, for APT_CONFIG.
# The machine's own apt state is read (which mirror, which proxy) and never changed; no root is needed.
. "$(dirname "$0")/env.sh"
suite=$1
dir=$VM_CACHE/apt/$suite
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$dir/lists/partial"
: > "$dir/status"

# Where apt on this machine gets the named suites from: the text before /dists/.
uris=$(apt-get --print-uris update 2>/dev/null) || uris=
mirror_of() { sed -nE "s#^'([^']*)/dists/($1)/.*#\1#;T;p;q" <<< "$uris"; }

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-none}")
release="$codename|(old)*stable|testing|unstable|sid"
if [ -n "${DEBIAN_MIRROR:-}" ]; then
  uris="'${DEBIAN_MIRROR%/}/dists/$codename/"
fi
mirror=$(mirror_of "$release")
[ -n "$mirror" ] || die "apt on this machine names no Debian mirror: set DEBIAN_MIRROR=http://HOST/debian"
case $suite in
*-security)
  security=$(mirror_of "($release)-security")
  mirror=${security:-${mirror%/}-security}
  ;;
esac
echo "deb [arch=amd64 signed-by=$keyring] $mirror $suite main" > "$dir/sources.list"

# Proxies and the like come from the machine. Old suites are no longer refreshed, so Valid-Until is not asked.
{
  apt-config dump | grep -E '^Acquire::(ftp|http|https|Retries|ForceIPv)' || true
  cat << EOF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$dir/lists";
Dir::State::status "$dir/status";
Dir::Cache "$dir";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
EOF
} > "$dir/apt.conf"

# Two kernels may share a suite.
exec 8> "$dir/lock"
flock 8
APT_CONFIG=$dir/apt.conf apt-get -qq update >&2 || die "the mirror $mirror does not give $suite"
echo "$dir/apt.conf"
