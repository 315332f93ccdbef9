#!/usr/bin/env bash
# Vets every module, and the library in the forms that this machine does not
# run: 32-bit, other processors, and portable.
source "$(dirname "$0")/run.sh"

run go vet work
for arch in 386 arm64; do
	run env GOOS=linux GOARCH="$arch" go vet ./...
done
run env GOOS=windows GOARCH=amd64 go vet ./...
run go vet -tags metertree_portable ./...
