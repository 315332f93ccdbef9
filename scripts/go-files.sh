#!/usr/bin/env bash
# Prints every Go file of the repository, tracked or new, one on a line.
set -euo pipefail
cd "$(dirname "$0")/.."
find . -name '*.go' -not -path './.git/*' -not -path './bin/*' | sort
