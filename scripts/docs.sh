#!/usr/bin/env bash
# Fills in the blocks of docs/configuration.md that a command prints, those
# between "<!-- output: COMMAND -->" and "<!-- end of output -->". With --check
# it changes nothing and fails if a block is out of date.
source "$(dirname "$0")/run.sh"

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

fresh=$(filled_in)
if [[ $fresh == "$(<"$page")" ]]; then
	exit 0
fi
if [[ ${1:-} == --check ]]; then
	diff -u "$page" - <<<"$fresh" >&2 || true
	echo "$page does not show what the commands print: run make docs" >&2
	exit 1
fi
printf '%s\n' "$fresh" >"$page"
echo "$page: updated"
