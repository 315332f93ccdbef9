#!/usr/bin/env bash
# Provokes the faults of docs/reliability.md in full, or those named, and prints a
# line for each: fault, expected, observed, PASS or FAIL. With --write, which is for
# all of them, what was observed is written into the table of that page, if all
# pass. Everything stays on loopback. Needs some minutes, 10,500 open files, and for
# the faults of the disk the right to mount.
source "$(dirname "$0")/run.sh"

write=false
if [[ ${1:-} == --write ]]; then
	write=true
	shift
fi
if [[ $write == true && $# -gt 0 ]]; then
	echo "--write is for all faults: run it without names" >&2
	exit 2
fi

report=$(mktemp)
readonly report
trap 'rm -f "$report"' EXIT

names=$(IFS='|'; echo "$*")
go build -C server -o "$PWD/bin/metertree" ./cmd/metertree

if [[ $write == true ]]; then
	export METERTREE_FAULTS_TABLE="$PWD/docs/reliability.md"
fi
failed=0
METERTREE_FAULTS=full METERTREE_FAULTS_BINARY="$PWD/bin/metertree" METERTREE_FAULTS_REPORT="$report" \
	go test -C server -count=1 -timeout 20m -run "^TestFaults\$/^(${names:-.*})\$" ./internal/faults >"$report.log" 2>&1 || failed=1
cat "$report"
if [[ $failed != 0 ]]; then
	echo "what the tests printed is in $report.log" >&2
else
	rm -f "$report.log"
fi
exit "$failed"
