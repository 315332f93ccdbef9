#!/usr/bin/env bash
# Checks formatting, lint rules, documentation and the rules of the house.
source "$(dirname "$0")/run.sh"

unformatted=$(scripts/go-files.sh | xargs gofmt -l)
if [[ -n $unformatted ]]; then
	echo "not formatted; run make fmt:" >&2
	echo "$unformatted" >&2
	exit 1
fi

# The linter is a Go tool, pinned in a module of its own so that its
# requirements are nobody else's.
run env GOWORK=off go build -C tools -o "$PWD/bin/golangci-lint" \
	github.com/golangci/golangci-lint/v2/cmd/golangci-lint

readarray -t modules <<<"$(go work edit -json | sed -n 's/.*"DiskPath": "\(.*\)".*/\1/p')"
run bin/golangci-lint run "${modules[@]/%//...}"

run scripts/house-rules.sh
run scripts/docs.sh --check
