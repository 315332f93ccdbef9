#!/usr/bin/env bash
# Fills in the blocks of docs/configuration.md that a command prints, those
# between "<!-- output: COMMAND -->" and "<!-- end of output -->", and writes
# docs/catalogue.md and docs/reference. With --check it changes nothing and fails if
# one of them is out of date.
source "$(dirname "$0")/run.sh"

readonly mode=${1:-}
readonly page=docs/configuration.md
run go build -C server -o "$PWD/bin/metertree" ./cmd/metertree

# Help is wrapped to the width of the terminal: choose one.
export COLUMNS=100

# filled_in prints the page with fresh blocks.
filled_in() {
	local line command inside=false
	while IFS= read -r line; do
		if [[ $line == '<!-- end of output -->' ]]; then
			inside=false
		fi
		if [[ $inside == false ]]; then
			printf '%s\n' "$line"
		fi
		if [[ $line =~ ^'<!-- output: '(.*)' -->'$ ]]; then
			inside=true
			command=${BASH_REMATCH[1]}
			printf '\n```text\n'
			# shellcheck disable=SC2086 # the words of the command
			PATH="$PWD/bin:$PATH" $command
			printf '```\n\n'
		fi
	done <"$page"
	if [[ $inside == true ]]; then
		echo "$page: an output block has no end: write <!-- end of output --> after it" >&2
		return 1
	fi
}

# publish PAGE TEXT writes a page, or says how it differs.
publish() {
	if [[ $2 == "$(<"$1")" ]]; then
		return
	fi
	if [[ $mode == --check ]]; then
		diff -u "$1" - <<<"$2" >&2 || true
		echo "$1 does not show what is printed now: run make docs" >&2
		return 1
	fi
	printf '%s\n' "$2" >"$1"
	echo "$1: updated"
}

# Each on its own, so that a failure of a command is one of the script.
configuration=$(filled_in)
catalogue=$(go run ./examples/contextd/cmd/catalogue)
failed=0
publish "$page" "$configuration" || failed=1
publish docs/catalogue.md "$catalogue" || failed=1
go run ./docs/cmd/reference ${mode:+-check} || failed=1
exit "$failed"
