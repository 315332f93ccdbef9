#!/usr/bin/env bash
# Checks rules of the house that no linter knows. See CONTRIBUTING.md.
source "$(dirname "$0")/run.sh"

failed=0
# complain MESSAGE LINES reports a broken rule, if there are lines that break it.
complain() {
	if [[ -n $2 ]]; then
		printf '%s:\n%s\n' "$1" "$2" >&2
		failed=1
	fi
}

complain "go.mod: the library requires nothing, tests included" \
	"$(sed -n '/^require/p' go.mod)"

# Written in pieces, so that this file does not find itself.
homes='/(ro''ot|ho''me|wo''rk|Us''ers)/'
complain "a path of somebody's machine" \
	"$(grep -rnIE "(^|[^A-Za-z0-9_.~*}-])$homes" --exclude-dir=.git --exclude-dir=bin --exclude-dir=vendor . || true)"

exit "$failed"
