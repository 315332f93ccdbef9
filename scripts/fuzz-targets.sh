# shellcheck shell=bash
# Sourced by the scripts that fuzz: which targets there are, and where Go keeps the
# inputs that reached something new.

# fuzz_targets EXPRESSION... prints directory and name of every target in the
# workspace whose `directory.name` matches one of the expressions; all, without any.
fuzz_targets() {
	local wanted
	wanted=$(IFS='|'; echo "$*")
	# shellcheck disable=SC2016 # they are the variables of a template
	go list -f '{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}' work |
		grep . | xargs grep -HE '^func Fuzz[A-Za-z0-9_]*\(' |
		sed -E "s|^$PWD/(\./)?||; s|^([^/:]*_test\.go)|./\1|; s|/[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]*)\(.*| \1|" |
		sort | awk -v wanted="$wanted" '$1 "." $2 ~ wanted'
}

# cache_of DIRECTORY prints where `go test -fuzz` keeps the inputs of a package.
cache_of() {
	echo "$(go env GOCACHE)/fuzz/$(go list -C "$1" .)"
}
