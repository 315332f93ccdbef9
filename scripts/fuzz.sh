#!/usr/bin/env bash
# Fuzzes every target of the workspace, or those whose names match one of the
# expressions given (FuzzText, gateway/push, ...), each for METERTREE_FUZZ: a time
# such as 30s, which is the default, or a number of executions such as 500x.
# METERTREE_FUZZ_WORKERS sets how many run a target at once (2).
#
# Prints a line for each: target, executions, inputs that reached something new,
# CPU seconds, PASS or FAIL; then the sum. CPU seconds are what the system
# charged to the fuzzing, without building it.
#
# A failing input is written to testdata/fuzz beside the target, where ordinary
# tests find it: commit it with what fixes it.
source "$(dirname "$0")/run.sh"
# shellcheck source=scripts/fuzz-targets.sh
source scripts/fuzz-targets.sh

readonly each=${METERTREE_FUZZ:-30s}
readonly workers=${METERTREE_FUZZ_WORKERS:-2}
# How long it is tried to make an input smaller: as short as all, where all is short.
minimise=5s
[[ $each != *x ]] || minimise=20x
readonly minimise
readonly line='%-58s %12s %6s %9s  %s\n'

work=$(mktemp -d)
readonly work
trap 'rm -rf "$work"' EXIT

# fuzz DIRECTORY NAME LOG runs one target; its last line in LOG is its CPU time:
# user, system.
fuzz() {
	local TIMEFORMAT='%U %S' cache
	cache=$(cache_of "$1")
	time (
		cd "$1" || exit
		"$work/test" -test.run='^$' -test.fuzz="^$2\$" -test.fuzztime="$each" -test.fuzzminimizetime="$minimise" \
			-test.parallel="$workers" -test.fuzzcachedir="$cache"
	) >"$3" 2>&1
}

# last LOG WORD reads the last count after a word in what a target has printed.
last() {
	sed -nE "s/^fuzz: elapsed: .*$2: ([0-9]+).*/\1/p" "$1" | tail -n 1
}

# interrupted LOG reports whether a target has failed only because its time was up
# at an awkward moment, which Go takes for a failure.
interrupted() {
	grep -q '^ *context deadline exceeded$' "$1" && ! grep -qE 'Failing input|^panic|_test\.go:' "$1"
}

# explain DIRECTORY LOG prints why a target failed, and what to do with its input.
explain() {
	grep -vE '^fuzz: |^[0-9. ]+$' "$2" | head -n 40 | sed 's/^/    /' >&2
	sed -nE "s|^ *Failing input written to (.*)|    the failing input is $1/\1: commit it with what fixes it|p" "$2" >&2
}

targets=0 failed=0 executions=0 cpu=0
# report DIRECTORY NAME LOG OUTCOME prints the line of a target and adds it to the sum.
report() {
	local count new seconds outcome=$4
	count=$(last "$3" execs)
	new=$(last "$3" 'new interesting')
	seconds=$(tail -n 1 "$3" | awk '{ printf "%.1f", $1 + $2 }')
	# Go ends well where a target is not there, as one that its build leaves out.
	if grep -q 'no fuzz tests to fuzz' "$3"; then
		outcome=FAIL
	fi
	# shellcheck disable=SC2059 # the format of every line
	printf "$line" "$1.$2" "${count:-0}" "${new:-0}" "$seconds" "$outcome"
	targets=$((targets + 1)) executions=$((executions + ${count:-0}))
	cpu=$(awk -v a="$cpu" -v b="$seconds" 'BEGIN { printf "%.1f", a + b }')
	if [[ $outcome == FAIL ]]; then
		failed=$((failed + 1))
		explain "$1" "$3"
	fi
}

# shellcheck disable=SC2059
printf "$line" target executions new 'CPU s' outcome
built=''
while read -r directory name; do
	log=$work/$name.log
	outcome=PASS
	if [[ $directory != "$built" ]]; then
		built=$directory
		rm -f "$work/test"
		go test -C "$directory" -c -fuzz='^Fuzz' -o "$work/test" . >"$work/build.log" 2>&1 || true
	fi
	if [[ ! -x $work/test ]]; then
		{ cat "$work/build.log" && echo '0 0'; } >"$log"
		outcome=FAIL
	else
		fuzz "$directory" "$name" "$log" || interrupted "$log" || outcome=FAIL
	fi
	report "$directory" "$name" "$log" "$outcome"
done < <(fuzz_targets "$@")

printf '%d targets, %d executions, %s CPU minutes, %d failed\n' \
	"$targets" "$executions" "$(awk -v s="$cpu" 'BEGIN { printf "%.1f", s / 60 }')" "$failed"
[[ $failed == 0 && $targets != 0 ]]
