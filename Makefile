# `make` lists what can be made. Everything needs Go and make; `make test` also
# uses real servers, which it installs where it can.

BIN := $(CURDIR)/bin

.DEFAULT_GOAL := help
.PHONY: help run build test soak fuzz faults vet bench bench-server lint fmt docs api release clean

help: ## List what can be made.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

run: build ## Build the binary and start the demo: a small service under load, scraped and shown as a tree.
	$(BIN)/metertree demo

build: ## Build the binary into bin/.
	go build -C server -o $(BIN)/metertree ./cmd/metertree

test: vet ## Test every module, with the race detector where it matters; installs the real servers that tests need.
	scripts/install-test-deps.sh
	scripts/test.sh

soak: ## Check for minutes what tests check for seconds: that no update is lost, and memory stays bounded.
	scripts/soak.sh

fuzz: ## Fuzz every decoder, encoder and parser, each for METERTREE_FUZZ (30s); takes about an hour.
	scripts/fuzz.sh

faults: ## Break a server in every way the reliability page lists, and look what survives.
	scripts/faults.sh --write

vet: ## Vet every module, and the library for other architectures.
	scripts/vet.sh

bench: ## Measure the library beside its rivals in one run, and write docs/benchmarks.md.
	go run ./benchmarks/cmd/bench

bench-server: ## Measure the server beside Prometheus and VictoriaMetrics in one run, and write docs/benchmarks-server.md.
	go run ./benchmarks/cmd/servers

lint: vet ## Check formatting, lint rules, documentation and the rules of the house.
	scripts/lint.sh

fmt: ## Format the code.
	gofmt -w $$(scripts/go-files.sh)

release: ## Build static binaries for Linux, twice, and compare them.
	scripts/release.sh

api: ## Write the public API into api/, and say what it breaks since the last release.
	scripts/api.sh --update

docs: build ## Write the command line's --help into docs/configuration.md, docs/catalogue.md and docs/reference.
	scripts/docs.sh

clean: ## Remove what was built.
	rm -rf $(BIN)
