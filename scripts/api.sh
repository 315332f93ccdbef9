#!/usr/bin/env bash
# Holds the public API to what api/*.txt says and to the last release, as
# docs/compatibility.md promises. With --update it writes api/*.txt.
source "$(dirname "$0")/run.sh"

flags=()
case ${1:-} in
'') ;;
--update) flags=(-update) ;;
*)
	echo "usage: scripts/api.sh [--update]" >&2
	exit 2
	;;
esac

# The command is one of the tools, which are outside the workspace: nobody else
# tests it.
run env GOWORK=off go vet -C tools ./...
run env GOWORK=off go test -C tools ./...
run env GOWORK=off go build -C tools -o "$PWD/bin/api" ./api
run bin/api "${flags[@]}" . integrations
