# Everything a person or a machine types here. `make demo` and `make test` do all the set-up.
SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: setup build release demo test test-release check lint format golden storm interop bench ledger-bench large throttle install clean

SEEDS ?= 200
# As many tests at once as two cores can carry: all at once starve each other of time.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8
PREFIX ?= /usr/local

# Packages and libssh2 1.11; quick and silent when nothing is missing.
setup:
	@scripts/setup

build: setup
	swift build

# One binary at .build/release/campaign-sync, with Swift's libraries inside.
release: setup
	swift build -c release --static-swift-stdlib --product campaign-sync

# Sandbox, check, full load, changes, comparison: the main job from end to end.
demo: setup
	swift build
	scripts/demo

test: setup
	swift build --build-tests --explicit-target-dependency-import-check error
	scripts/test

# What CI runs. Warnings are errors here, in every build below.
check: export CAMPAIGN_SYNC_STRICT = 1
check: setup lint test interop test-release

# The tool as it is installed, optimised, where the tests run it as a user does: what only the
# optimiser gets wrong shows nowhere else.
test-release: release
	swift build --build-tests --explicit-target-dependency-import-check error
	TOOL=$(CURDIR)/.build/release/campaign-sync scripts/test --filter 'ToolTests.*(Flow|Looking|Recovery)'

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

format:
	swift format --in-place --recursive Sources Tests Package.swift

# Rewrites the expected files; the run fails, so that nobody commits them unread.
golden: setup
	UPDATE_GOLDEN=1 swift test

storm: setup
	STORM_SEEDS=$(SEEDS) swift test --filter Storm

# Real clients of both services and OpenSSH's own sftp against the sandbox.
interop: setup
	swift build --build-tests --explicit-target-dependency-import-check error
	scripts/interop

# Compared as they are installed: with Swift's libraries inside. ONLY=egress EVENTS=100000: a part
# of it, with fewer events.
bench: release
	swift build -c release --static-swift-stdlib --product campaign-sync-sandbox
	scripts/bench $(if $(ONLY),--only $(ONLY)) $(if $(EVENTS),--events $(EVENTS))

# Size and speed of the ledger at ROWS rows.
ROWS ?= 5000000
ledger-bench: setup
	swift build -c release --product ledger-bench
	@folder=$$(mktemp -d) && .build/release/ledger-bench "$$folder" $(ROWS); rm -rf "$$folder"

# A load of ROWS contacts killed KILLS times on the way, then CHANGES rows by VIA (api, file); equal,
# or it fails.
KILLS ?= 10
CHANGES ?= 0
VIA ?= api
large: release
	swift build -c release --static-swift-stdlib --product campaign-sync-sandbox
	python3 bench/large.py --rows $(ROWS) --kills $(KILLS) --changes $(CHANGES) --via $(VIA)

# Two processes and the limits of Dynamics at their true speed: what they get out of them.
MINUTES ?= 25
throttle: release
	swift build -c release --static-swift-stdlib --product campaign-sync-sandbox
	python3 bench/throttle.py --minutes $(MINUTES)

install: release
	install -D -m 0755 .build/release/campaign-sync "$(DESTDIR)$(PREFIX)/bin/campaign-sync"
	if [ -d .deps/libssh2/lib ]; then \
	  install -d "$(DESTDIR)$(PREFIX)/lib/campaign-sync" && \
	  cp -P .deps/libssh2/lib/libssh2.so* "$(DESTDIR)$(PREFIX)/lib/campaign-sync/"; fi

clean:
	rm -rf .build
