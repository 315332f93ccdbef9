#!/usr/bin/env bash
# Runs the registry's model and its floods of label sets, and the whole pipeline
# under fire, for a minute in each form of the cells. METERTREE_SOAK sets another
# duration.
source "$(dirname "$0")/run.sh"

export METERTREE_SOAK=${METERTREE_SOAK:-60s}
readonly tests='TestNothingIsLost|TestManyLabelSetsStayWithinTheBudget'

run go test -count=1 -timeout 20m -v -run "$tests" ./registry
run go test -count=1 -timeout 20m -v -run "$tests" -tags metertree_portable ./registry
run go test -count=1 -timeout 20m -v -run "$tests" -race ./registry

run go test -count=1 -timeout 20m -v -run TestPipelineUnderFire .
run go test -count=1 -timeout 20m -v -run TestPipelineUnderFire -tags metertree_portable .
run go test -count=1 -timeout 20m -v -run TestPipelineUnderFire -race .
