GOLANGCI  := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
BENCHSTAT := golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
FUZZTIME  ?= 20s
STRESSTIME ?= 75s

SHELL       := bash
.SHELLFLAGS := -o pipefail -c # a test that fails fails its target, behind a pipe too

.PHONY: all help run test lint fmt fuzz faults stress bench bench-way bench-growth bench-routes bench-neighbours bench-process compat compat-python

all: lint test ## what CI runs

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## */@/' | column -t -s@

run: ## the demo: a bot on a fake Discord, and a dashboard at http://127.0.0.1:8080
	go run ./examples/demo

test: ## every test that needs no network, with the race detector
	go test -race ./...
	go test -count=1 ./cogs/process -run Ends_memory # the race detector needs more than the limit
	GOMAXPROCS=1 go test -count=1 ./actors ./client # on one processor answers are written in batches

lint: ## needs the module proxy once
	go mod tidy -diff
	go run $(GOLANGCI) run
	go vet -tags stress ./internal/stress # it is not built otherwise
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...

fmt: ## rewrite the files that the linter would reject
	go run $(GOLANGCI) fmt

fuzz: ## each fuzz target for FUZZTIME
	@grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r f; do \
		grep -oE '^func Fuzz[A-Za-z0-9_]*' "$$f" | sed 's/func //' | while read -r t; do \
			go test "$$(dirname "$$f")" -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) || exit 1; \
		done || exit 1; done

faults: ## known faults put back, one at a time, in a copy: the model has to find each
	@for patch in $(CURDIR)/actors/testdata/faults/*.patch; do \
		name=$$(basename $$patch .patch); dir=$$(mktemp -d); \
		git ls-files -z | xargs -0 cp --parents -t $$dir && patch -s -p1 -d $$dir <$$patch || exit 1; \
		(cd $$dir && go vet ./actors ./internal/... && ulimit -v 12000000 && \
			timeout 60 go test ./actors -run "TestModel/^$${name%%--*}$$" -rapid.nofailfile -rapid.seed 102 -rapid.checks 60) >$$dir/out 2>&1; \
		case $$? in \
		0) echo "$$name: not found"; rm -rf $$dir; exit 1;; \
		124) echo "$$name: found: nothing moves any more";; \
		*) grep -m1 -oE '(failed after|Traceback \(|panic: ).*' $$dir/out | sed "s/^/$$name: found: /" || { cat $$dir/out; exit 1; };; \
		esac; rm -rf $$dir; \
	done

stress: export STRESSTIME := $(STRESSTIME)
stress: STRESS := go test -tags stress ./internal/stress -run Stress -count=1 -v -timeout 30m
stress: ## five minutes of load with a ledger, on both processors and on one, with and without the race detector; STRESSTIME is that of each
	$(STRESS)
	GOMAXPROCS=1 $(STRESS)
	$(STRESS) -race
	GOMAXPROCS=1 $(STRESS) -race

bench: ## server and client against what is written by hand with gorilla, in the same run
	go test ./internal/bench -run '^$$' -bench 'Server|Client' -benchmem -count 6 | tee bench.out
	go run $(BENCHSTAT) -filter .name:Server -col /server bench.out
	go run $(BENCHSTAT) -filter .name:Client -col /client bench.out

bench-way: ## switches under 800 callers with slow keys, a key that hangs, results that come late; a minute
	go test ./internal/bench -run '^$$' -bench 'SwitchUnderKeys|HangingKey' -benchtime 1x
	go test ./internal/bench -run '^$$' -bench LateResults -benchtime 100x

bench-routes: ## admission, publishing a table, a slow route beside a fast one, making a server
	go test ./internal/bench ./internal/router -run '^$$' -bench 'Admit|Publish|Reload|SlowRoute|NewServer'

bench-growth: ## what a call takes as connections, cogs, routes, callers and data grow; two minutes
	go test ./internal/bench -run '^$$' -bench Growth -benchtime 1x

bench-neighbours: ## what a bad cog does to the latency of another one; a minute and a half
	go test ./internal/bench -run '^$$' -bench Neighbours -benchtime 1x

bench-process: ## what a call costs in a cog that is a process, what that takes, and from save to answer
	go test ./cogs/process -run '^$$' -bench . -benchtime 2s

compat: ## replay the recorded dialogues of the Python packages; GOLDEN names another file of them
	go test ./internal/compat -count=1 -run Replay -v | grep -E '^ *--- FAIL|^FAIL|^ok|[0-9]+ passed'

compat-python: ## run the Python packages themselves against this one: IPCX_DIR and IPC_DIR are their checkouts
	@if [ -z "$$IPCX_DIR$$IPC_DIR" ]; then \
		echo "compat-python: set IPCX_DIR to a checkout of discord-ext-ipcx, and IPC_DIR to one of discord-ext-ipc"; \
	else go test ./internal/compat -count=1 -tags python -run Python -v | grep -E '^ *---|^FAIL|^ok'; fi
