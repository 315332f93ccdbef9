#!/usr/bin/env bash
# Tests every module of the workspace.
source "$(dirname "$0")/run.sh"

# Everything once, as it is shipped.
run go test work

# run_race COMMAND... is run for tests under the race detector. Its runtime can
# crash by itself, once in some fifty runs, on goroutines in a testing/synctest
# bubble (https://github.com/golang/go/issues/78156). That, and nothing else, is
# tried once more; what has passed is cached. A data race reads differently.
run_race() {
	local output
	output=$(mktemp)
	if run "$@" 2>&1 | tee "$output"; then
		rm -f "$output"
		return
	fi
	if ! grep -q '^ThreadSanitizer: CHECK failed' "$output" || grep -qE '^WARNING: DATA RACE|^--- FAIL' "$output"; then
		rm -f "$output"
		return 1
	fi
	rm -f "$output"
	echo "the race detector's runtime has crashed: once more"
	run "$@"
}

# Under the race detector: the library, and what of the server runs many things
# at once. The library's per-processor cells are compiled out there, which is
# why the run above is without it.
run_race go test -race ./... ./server/internal/prom/... ./server/internal/serve/...

# In the form for compilers and processors without per-processor cells.
run go test -tags metertree_portable \
	./internal/cell/... ./aggregate/... ./registry/... ./meter/... ./buffer/...

# With metrics compiled out.
run go test -tags metertree_off . ./meter/...

# Fuzz targets run their seeds and the inputs kept above. Here each of the library
# and of the integrations also looks for new ones, shortly; those of the server are
# left to `make fuzz`, since Prometheus instrumented for fuzzing takes minutes to
# build anew.
METERTREE_FUZZ=500x run scripts/fuzz.sh '^[^s]' '^stats'
