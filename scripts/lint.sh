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

# Known vulnerabilities in the code that is reached. They are listed on the
# network; a machine that does not get there checks all the rest. VULNDB may name
# a mirror, such as file:///srv/vulndb.
database=${VULNDB:-https://vuln.go.dev}
if [[ $database == file:* ]] || curl --fail --silent --max-time 10 --output /dev/null "$database/index/db.json"; then
	run env GOWORK=off GOBIN="$PWD/bin" go install golang.org/x/vuln/cmd/govulncheck@v1.8.0
	for module in "${modules[@]}"; do
		run bin/govulncheck -C "$module" -db "$database" ./...
	done
else
	echo "vulnerabilities not checked: $database is not reached from here; set VULNDB to a mirror" >&2
fi

run scripts/house-rules.sh
run scripts/docs.sh --check
run scripts/api.sh
