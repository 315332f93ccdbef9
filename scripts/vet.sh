#!/usr/bin/env bash
# Vets every module, and the library in the forms that this machine does not
# run: 32-bit, other processors, portable, and with metrics compiled out.
source "$(dirname "$0")/run.sh"

run go vet work
for arch in 386 arm64; do
	run env GOOS=linux GOARCH="$arch" go vet ./...
done
run env GOOS=windows GOARCH=amd64 go vet ./...
run go vet -tags metertree_portable ./...
run go vet -tags metertree_off ./...

# Modules of tests alone, whose requirements are nobody else's.
for module in integrations/internal/otelcol integrations/remotewrite/compliance; do
	run env GOWORK=off go vet -C "$module" ./...
done
