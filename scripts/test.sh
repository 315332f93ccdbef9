#!/usr/bin/env bash
# Tests every module of the workspace.
source "$(dirname "$0")/run.sh"

# Everything once, as it is shipped.
run go test work

# Under the race detector: the library, and what of the server runs many things
# at once. The library's per-processor cells are compiled out there, which is
# why the run above is without it.
run go test -race ./... ./server/internal/prom/... ./server/internal/serve/...

# In the form for compilers and processors without per-processor cells.
run go test -tags metertree_portable \
	./internal/cell/... ./aggregate/... ./registry/... ./meter/... ./buffer/...
