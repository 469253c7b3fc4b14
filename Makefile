# The commands of the README. Each installs what it misses; nothing is installed twice.
DATA ?=
SERVE = target/release/tabphone serve --demo $(if $(DATA),--data $(DATA))

.PHONY: run build release deny test test-rust test-browser soak soak-line fuzz bench bench-messages bench-exchange bench-hostile clean

run: build ## build in release and start the phone system on http://localhost:8080
	@exec $(SERVE) --listen 127.0.0.1:8080 $(ARGS)

build: ## install what is missing and build the client and the server
	@.ci/install build
	@.ci/build

release: build ## one archive in target/release with the program, its unit, examples and this README
	@.ci/release

deny: ## licenses and sources of all packages
	@.ci/install peers
	@.ci/deny

test: ## every test of every package and the browser journeys
	@.ci/install test
	@.ci/test

test-rust: ## the tests of the packages
	@.ci/install build
	@.ci/install peers
	@.ci/test rust

test-browser: ## the browser journeys
	@.ci/install test
	@.ci/test browser

soak: ## long repetitions: random runs of the stack, calls, reloads
	@.ci/install test
	@.ci/test soak

soak-line: ## only the soak of lines that break, beside other phones; SOAK_SCALE for how often
	@.ci/install test
	@.ci/test soak-line

fuzz: ## search for inputs that break the stack: needs a nightly toolchain; FUZZ_SECONDS for each target
	@.ci/fuzz $(FUZZ)

bench: ## measurements, as tables
	@.ci/install test
	@.ci/build
	@cd end2end && npm run --silent bench
	@.ci/bench-messages
	@.ci/install kamailio
	@.ci/bench-exchange
	@.ci/bench-hostile

bench-messages: ## only those of messages, beside other parsers
	@.ci/install test
	@.ci/bench-messages $(PART)

bench-exchange: ## only the exchange under load, beside Kamailio
	@.ci/install kamailio
	@.ci/bench-exchange $(ROUNDS)

bench-hostile: ## only honest and hostile clients side by side
	@.ci/install build
	@.ci/bench-hostile $(ROUNDS)

clean: ## forget what was built (the cache outside of the clone too)
	@. .ci/env && rm -rf target end2end/node_modules "$$CACHE"
