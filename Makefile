# `make help` lists what there is; .ci/run calls the same names.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

GO       ?= go
BENCH    ?= .
PKG      ?= impl/tailq
FILES    ?=

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/' | expand -t 13

.PHONY: build
build: ## build the command: bin/conform
	$(GO) build -o bin/conform ./cmd/conform

.PHONY: test
test: ## run all tests; those that need a QEMU are skipped where it is missing, unless CI=true
	$(GO) test ./...

.PHONY: race
# A program under the detector sleeps a second before it ends, and the scripts run
# hundreds.
race: ## run all tests under the race detector
	GORACE=atexit_sleep_ms=20 $(GO) test -race ./...

.PHONY: fuzz
fuzz: FUZZTIME ?= 10s
fuzz: ## run each fuzz target for FUZZTIME (10s)
	@targets=$$(grep -rhoE '^func Fuzz[A-Za-z0-9_]*' --include='*_test.go' fuzz | sed 's/^func //' | sort) \
		|| { echo "no fuzz targets in fuzz/" >&2; exit 1; }
	for target in $$targets; do
		echo "== $$target for $(FUZZTIME)"
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./fuzz
	done

.PHONY: fuzz-long
fuzz-long: FUZZTIME ?= 7m30s
fuzz-long: ## run each fuzz target for FUZZTIME (7m30s), and add what it did to docs/fuzzing.md
	$(GO) run ./internal/fuzzlong $(FUZZTIME)

.PHONY: mutate
mutate: ## mutation-test the package PKG (impl/tailq), or its files FILES; writes docs/mutation/
	$(GO) run ./internal/mutate $(PKG) $(FILES)

.PHONY: corpus
corpus: ## record the streams of corpus/ anew, from both QEMUs
	$(GO) run ./corpus/record

.PHONY: defects
defects: ## try every property on every defect, and write docs/defects.md
	$(GO) run ./props/defects/matrix

.PHONY: bench
bench: ## run the benchmarks that BENCH matches (all)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: damage
damage: ## cut and change each stream of the corpus a thousand times, and check it
	$(GO) test -run TestDamagedStreams -timeout 60m ./internal/check -damages 1000

.PHONY: bench-dumps
bench-dumps: ## record a machine with 1 GiB of filled memory, and compare checking its stream with cat
	$(GO) run ./internal/benchdumps

.PHONY: lint
lint: ## gofmt, vet and staticcheck
	@unformatted=$$(gofmt -l .)
	if [[ -n $$unformatted ]]; then
		echo "not formatted by gofmt:" $$unformatted >&2
		exit 1
	fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

.PHONY: qemu10
qemu10: ## unpack QEMU 10 beside the system's QEMU, into VMCONFORM_QEMU10 or /opt/vmconform-qemu10
	scripts/install-qemu10

.PHONY: ci
ci: ## all that CI does, installing what is missing (as root)
	.ci/run
