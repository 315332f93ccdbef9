#!/usr/bin/env bash
# Installs the real programs that tests compare with or drive, from Debian's
# packages: a Prometheus server, its node exporter, VictoriaMetrics, InfluxDB,
# Chromium with its driver, shells, what checks manual pages and systemd units, and
# the tools that commands of the documentation call.
# Does nothing, quickly, where they are already there.
#
# Without apt, root or a network it says what is missing and ends well: the
# tests that need it then skip and say so. With CI=true that is a failure.
set -euo pipefail

# program → the Debian package that has it
declare -A package_of=(
	[prometheus]=prometheus
	[promtool]=prometheus
	[prometheus-node-exporter]=prometheus-node-exporter
	[victoria-metrics]=victoria-metrics
	[influxd]=influxdb
	[chromium]=chromium
	[chromedriver]=chromium-driver
	[zsh]=zsh
	[fish]=fish
	[groff]=groff-base
	[mandoc]=mandoc
	[systemd-analyze]=systemd
	[curl]=curl
	[jq]=jq
	[openssl]=openssl
)

missing_programs() {
	local program
	for program in "${!package_of[@]}"; do
		command -v "$program" >/dev/null || echo "$program"
	done | sort
}

missing_packages() {
	local program
	for program in $(missing_programs); do
		echo "${package_of[$program]}"
	done | sort -u
}

# give_up MESSAGE reports what could not be installed, and fails in CI only.
give_up() {
	echo "test programs missing: $(missing_programs | tr '\n' ' ')- $1" >&2
	if [[ ${CI:-} == true ]]; then
		exit 1
	fi
	echo "tests that need them will be skipped" >&2
	exit 0
}

# as_root COMMAND... runs a command as root.
as_root() {
	if [[ $EUID -eq 0 ]]; then
		"$@"
	else
		sudo "$@"
	fi
}

can_be_root() {
	[[ $EUID -eq 0 ]] || { command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"
}

# The packages of servers start services on default ports where an init
# system runs. Tests start servers of their own, so nothing is to be left
# running: starts are forbidden during the installation, by the file that
# Debian's maintainer scripts ask, and the units are disabled after it.
readonly policy=/usr/sbin/policy-rc.d
forbid_starts() {
	if [[ -e $policy ]]; then
		return
	fi
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod 755 "$policy"
	trap 'as_root rm -f "$policy"' EXIT
}

disable_services() {
	if [[ ! -d /run/systemd/system ]]; then
		return
	fi
	local package
	for package in "$@"; do
		case $package in
		prometheus | prometheus-node-exporter | victoria-metrics | influxdb) as_root systemctl --quiet disable "$package" || true ;;
		esac
	done
}

# Tests run what is deployed as a user of its own. Without root that takes a user
# namespace, which some distributions forbid. CI's machine is nobody's: there it is
# allowed.
allow_user_namespaces() {
	local setting=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
	if [[ ${CI:-} == true && $EUID -ne 0 && -e $setting && $(<"$setting") != 0 ]] && can_be_root; then
		echo 0 | as_root tee "$setting" >/dev/null
	fi
}

allow_user_namespaces

# shellcheck disable=SC2207 # a package's name is one word
packages=($(missing_packages))
if [[ ${#packages[@]} -eq 0 ]]; then
	echo "test programs: all there"
	exit 0
fi
echo "test programs: installing ${packages[*]}"

command -v apt-get >/dev/null || give_up "this machine has no apt-get; install them by other means"
can_be_root || give_up "installing needs root or sudo; run: apt-get install ${packages[*]}"

apt update || give_up "apt-get update failed"
forbid_starts
# One by one, so that one package that a distribution lacks costs only itself.
for package in "${packages[@]}"; do
	apt install --yes --no-install-recommends "$package" || echo "apt-get install $package failed" >&2
done
disable_services "${packages[@]}"

if [[ -n $(missing_programs) ]]; then
	give_up "apt-get could not install them"
fi
