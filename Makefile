# The kitchen door: `make` alone lists what can be ordered. Nothing here needs more than make, a shell, Rust and Node;
# whatever else is missing is installed first, into node_modules and a cache folder (see tools/install.sh).

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test build size deny reproducible bench bench-page check-offers clean fuzz fuzz-minute rust browser engines conformance lint rust-test types js-test journeys browser-test engines-test

PORT ?= 8080
OFFERS ?= www/offers.json
FUZZ_SECONDS ?= 3600

# What an up-to-date step leaves behind.
NPM := node_modules/.package-lock.json
GLUE := target/glue/pkg/core_bg.wasm
PKG := pkg/package.json

# Folders are listed too, so that a deleted file counts as a change.
RUST_SOURCES := Cargo.toml $(wildcard Cargo.lock) js/host.js $(shell find src)
JS_SOURCES := tsconfig.json $(wildcard README.md LICENSE-*) $(shell find js 2>/dev/null)

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: build ## build, then serve the demo shop at http://localhost:8080 (another port: make demo PORT=8081)
	@PORT=$(PORT) node tools/serve.mjs

test: rust $(NPM) lint deny rust-test types js-test journeys size reproducible browser-test engines-test fuzz-minute ## install what is missing, build, run every check and every test

build: $(PKG) ## build the npm package into pkg/

size: build ## what a page loads, compressed, against its budget
	@node tools/size.mjs

deny: ## judge every crate of the lock files: licence, origin, what is known against it (deny.toml)
	@tools/install.sh deny
	@tools/deny.sh

reproducible: build ## build the package once more, elsewhere: it is the same, byte for byte; prints the hashes
	@node tools/reproducible.mjs

bench: build browser ## Maitre beside its peers, from 10 to 100,000 offers; writes the README's tables (some minutes)
	@node bench/events.mjs
	@node bench/engines.mjs

bench-page: build browser ## how soon a page is personalised, beside its peers, in Chromium on a slowed phone
	@node bench/pageload/run.mjs

check-offers: build ## check the demo's offers (other ones: make check-offers OFFERS=path/to/offers.json)
	@node pkg/cli.js check $(OFFERS)

fuzz: ## look for inputs that break a promise, an hour for each target (make fuzz FUZZ_SECONDS=600)
	@tools/install.sh fuzz
	@tools/fuzz.sh $(FUZZ_SECONDS)

fuzz-minute: ## the same, a minute for each
	@tools/install.sh fuzz
	@tools/fuzz.sh 60

clean: ## remove what was built; what was installed stays
	rm -rf target pkg fuzz/target fuzz/artifacts

rust:
	@tools/install.sh rust

browser:
	@tools/install.sh browser

engines:
	@tools/install.sh engines

$(NPM): package.json package-lock.json
	@tools/install.sh npm

$(GLUE): $(RUST_SOURCES) tools/build.mjs | rust $(NPM)
	node tools/build.mjs wasm

$(PKG): $(GLUE) $(JS_SOURCES) tools/build.mjs tools/types.mjs $(NPM)
	node tools/build.mjs package

lint: rust
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --target wasm32-unknown-unknown -- -D warnings

conformance:
	@node tools/conformance.mjs

rust-test: rust conformance
	@if cargo nextest --version >/dev/null 2>&1; then set -x; cargo nextest run --locked && cargo test --locked --doc; else set -x; cargo test --locked; fi
	cargo test --locked --profile soak --test soak -- --nocapture

types: $(GLUE)
	node_modules/.bin/tsc

js-test: build
	node --test --test-reporter=spec tests/node/*.test.mjs

# The demo's offers are sound, and its stories come out as told.
journeys: check-offers
	@node pkg/cli.js replay www/offers.json tests/journeys/*.json > /dev/null

browser-test: build browser
	node --test --test-reporter=spec --test-concurrency=1 tests/browser/*.test.mjs

engines-test: build engines ## promises kept in Chromium, Firefox and WebKit (some of them: make engines-test MAITRE_ENGINES=firefox,webkit)
	node --test --test-reporter=spec --test-concurrency=1 tests/engines/*.test.mjs
