# shellcheck shell=bash
# Sourced by the other scripts: they start in the repository's root, stop at the
# first failure, and print each command before they run it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# run COMMAND... prints a command and runs it.
run() {
	echo "+ $*"
	"$@"
}
