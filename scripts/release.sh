#!/usr/bin/env bash
# Builds the binary for release into bin/release: static, for Linux on amd64 and
# arm64, each twice, and fails if the two differ or one is not static. Writes
# their checksums beside them.
#
# Usage: [FRESH=1] scripts/release.sh [VERSION]
# The version is otherwise that of the tag, or of the commit, and ends in -dirty if
# the tree is not the commit. With FRESH=1 the second build starts from an empty
# cache, which takes minutes; without, it links what the first one has compiled.
#
# The same commit makes the same bytes with the same compiler, in any directory and
# on any machine. Which compiler a binary is of, "metertree version" tells; to have
# it: GOTOOLCHAIN=go1.26.8 scripts/release.sh VERSION
source "$(dirname "$0")/run.sh"

# described is the version of what is checked out. Git abbreviates commits by how
# many objects a clone has; here they have the same length in all.
described() {
	git describe --tags --match 'v[0-9]*' --always --abbrev=12 2>/dev/null || { echo devel; return; }
	if [[ -n $(git status --porcelain) ]]; then
		echo dirty
	fi
}

readonly version=${1:-$(described | paste -sd -)}
readonly out=bin/release
readonly package=./cmd/metertree

# build ARCH FILE
build() {
	# Nothing of this machine goes in: no C, no paths, no workspace, no settings.
	# What is stripped is for debuggers; stack traces keep their names and lines.
	run env GOWORK=off CGO_ENABLED=0 GOOS=linux GOARCH="$1" GOAMD64=v1 GOARM64=v8.0 \
		GOFLAGS= GOEXPERIMENT= GOFIPS140=off \
		go build -C server -trimpath -buildvcs=true \
		-ldflags "-s -w -buildid= -X github.com/metertree/metertree/server/internal/cli.released=$version" \
		-o "$PWD/$2" "$package"
}

# header FILE OFFSET COUNT prints bytes of the file as hexadecimal digits.
header() {
	od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# check_static FILE MACHINE holds the file to what an ELF header says: 64 bits,
# little-endian, the machine, and no segment that asks for a dynamic loader.
check_static() {
	local file=$1 machine=$2 start size count i
	if [[ $(header "$file" 0 6) != 7f454c460201 || $(header "$file" 18 2) != "$machine" ]]; then
		echo "$file: not an ELF file for that machine" >&2
		return 1
	fi
	start=$(od -An -tu8 -j 32 -N 8 "$file" | tr -d ' ')
	size=$(od -An -tu2 -j 54 -N 2 "$file" | tr -d ' ')
	count=$(od -An -tu2 -j 56 -N 2 "$file" | tr -d ' ')
	for ((i = 0; i < count; i++)); do
		case $(header "$file" $((start + i * size)) 4) in
		02000000 | 03000000) # PT_DYNAMIC, PT_INTERP
			echo "$file: linked dynamically" >&2
			return 1
			;;
		esac
	done
}

mkdir -p "$out"
again=$(mktemp -d "$PWD/bin/release-again.XXXXXX")
trap 'rm -rf "$again"' EXIT

declare -A machines=([amd64]=3e00 [arm64]=b700)
for arch in amd64 arm64; do
	name=metertree-linux-$arch
	build "$arch" "$out/$name"
	(
		if [[ -n ${FRESH:-} ]]; then
			export GOCACHE=$again/cache-$arch
		fi
		build "$arch" "${again#"$PWD"/}/$name"
	)
	cmp "$out/$name" "$again/$name"
	check_static "$out/$name" "${machines[$arch]}"
	if LC_ALL=C grep -qaF "$PWD/" "$out/$name"; then
		echo "$out/$name: names a directory of this machine" >&2
		exit 1
	fi
done

(
	cd "$out"
	sha256sum metertree-linux-amd64 metertree-linux-arm64 >SHA256SUMS
	run sha256sum --check --strict SHA256SUMS
)
if [[ $(uname -sm) == "Linux x86_64" ]]; then
	run "$out/metertree-linux-amd64" version | tee "$again/version"
	grep -qF "metertree $version (" "$again/version"
fi
ls -l "$out"
