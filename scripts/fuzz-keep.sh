#!/usr/bin/env bash
# Keeps, of the inputs that fuzzing has found on this machine, those that reach
# code which neither a target's seeds nor the inputs kept before reach: the smaller
# ones first, at most 20 of 2 KiB for a target. They go to testdata/fuzz beside it,
# where ordinary tests run them. Takes the same expressions as fuzz.sh.
source "$(dirname "$0")/run.sh"
# shellcheck source=scripts/fuzz-targets.sh
source scripts/fuzz-targets.sh

# How many are kept, how many are tried, and how large they are in bytes.
readonly most=20 tried=60 largest=2048

work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

# reached DIRECTORY EXPRESSION prints the code that tests reach, sorted.
reached() {
	(cd "$1" && "$work/test" -test.run="$2" -test.coverprofile="$work/profile" >/dev/null 2>&1) || return 1
	awk '$NF > 0 { print $1 }' "$work/profile" | sort -u
}

# keep DIRECTORY NAME keeps inputs of one target.
keep() {
	local corpus=$1/testdata/fuzz/$2 input kept=0
	reached "$1" "^$2\$" >"$work/all" || { echo "$1.$2 fails: mend it first" >&2; return 1; }
	mkdir -p "$corpus"
	kept=$(find "$corpus" -type f | wc -l)
	while read -r input; do
		[[ $kept -lt $most ]] || break
		cp "$input" "$corpus/"
		if reached "$1" "^$2\$/^$(basename "$input")\$" >"$work/one" && [[ -n $(comm -13 "$work/all" "$work/one") ]]; then
			sort -u -o "$work/all" "$work/all" "$work/one"
			kept=$((kept + 1))
		else
			rm "$corpus/$(basename "$input")"
		fi
	done < <(new_inputs "$1" "$2" "$corpus")
	rmdir -p --ignore-fail-on-non-empty "$corpus"
	printf '%-58s %3d kept\n' "$1.$2" "$kept"
}

# new_inputs DIRECTORY NAME CORPUS prints the small inputs that are not kept yet,
# the smallest first.
new_inputs() {
	local cache
	cache=$(cache_of "$1")/$2
	[[ -d $cache ]] || return 0
	find "$cache" -type f -size "-${largest}c" -printf '%s %f\n' | sort -n | head -n "$tried" |
		while read -r _ input; do
			[[ -e $3/$input ]] || echo "$cache/$input"
		done
}

built=''
while read -r directory name; do
	if [[ $directory != "$built" ]]; then
		built=$directory
		go test -C "$directory" -c -cover -coverpkg=github.com/metertree/metertree/... -o "$work/test" .
	fi
	keep "$directory" "$name"
done < <(fuzz_targets "$@")
