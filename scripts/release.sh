#!/usr/bin/env bash
# Builds the binary for release into bin/release: static, for Linux on amd64 and
# arm64, each twice, and fails if the two differ or one is not static. Writes
# their checksums beside them.
#
# Usage: [FRESH=1] scripts/release.sh [VERSION]
# The version is otherwise that of the tag, or of the commit. With FRESH=1 the
# second build starts from an empty cache, which takes minutes; without, it links
# what the first one has compiled.
source "$(dirname "$0")/run.sh"

readonly version=${1:-$(git describe --tags --always --dirty 2>/dev/null || echo devel)}
readonly out=bin/release
readonly package=./cmd/metertree

# build ARCH FILE
build() {
	# Nothing of this machine goes in: no C, no paths, no workspace. What is
	# stripped is for debuggers; stack traces keep their names and lines.
	run env GOWORK=off CGO_ENABLED=0 GOOS=linux GOARCH="$1" GOAMD64=v1 GOFLAGS= \
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

(cd "$out" && run sha256sum metertree-linux-amd64 metertree-linux-arm64 | tee SHA256SUMS)
if [[ $(uname -sm) == "Linux x86_64" ]]; then
	run "$out/metertree-linux-amd64" version
fi
ls -l "$out"
