# `make run` needs Go and nothing else: no npm, no C compiler, no database.

export CGO_ENABLED ?= 0

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
PLUGINS  := $(patsubst %/main.go,./%,$(wildcard plugins/*/main.go))
MODULE   := github.com/pocketping/pocketping

# The race detector looks at Go's memory. SQLite, which is C made into Go, has its own,
# so that instrumenting it finds nothing and takes half of the tests' time.
RACE := -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

# A program with the race detector waits for a second when it ends, in case another
# goroutine has something to tell; hundreds of plugins end in the tests.
TESTS = CGO_ENABLED=1 GORACE=atexit_sleep_ms=0 $(addprefix TMPDIR=,$(shell tools/ram.sh)) $(GO) test -vet=off $(RACE)

PACKAGES ?= $(shell $(GO) list ./... | grep -vx $(MODULE)/e2e)

.PHONY: run build test check generate bench chaos e2e e2e-whole fuzz vuln licenses sbom release landed clean

# Builds everything and serves config.hcl.
run: build
	bin/pocketping serve --dev

# Makes bin/pocketping, and bin/plugins/<name> of every plugin.
build:
	@mkdir -p bin/plugins
	$(GO) build -o bin/pocketping .
	$(if $(PLUGINS),$(GO) build -o bin/plugins/ $(PLUGINS))

# Runs all tests, on SQLite and on a Postgres of their own, under the race
# detector. Installs what they need where it can: Chromium, Postgres, a C compiler.
# The end-to-end tests come last, with the machine to themselves, and tell figures.
test:
	tools/deps.sh
	$(TESTS) -p 3 -parallel 4 -timeout 12m $(PACKAGES)
	$(TESTS) -count=1 -v -parallel 2 -timeout 25m ./e2e

# Looks at the code without running it.
check:
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) test -count=1 -run '^TestLayer' .
	$(TOOL) buf lint
	$(TOOL) buf breaking --against sdk/plugin/pluginv1/first.binpb
	$(TOOL) buf breaking --against sdk/plugin/pluginv1/landed.binpb
	tools/uptodate.sh
	$(TOOL) golangci-lint run
	@if command -v promtool >/dev/null; then cd docs/prometheus && promtool test rules *.test.yml; \
	else echo "no promtool here: the alerts are not tried"; fi
	@if command -v npx >/dev/null; then npx --yes @redocly/cli@2.77.0 lint --extends recommended-strict docs/openapi.json; \
	else echo "no npx here: docs/openapi.json is checked by its tests alone"; fi

# Makes the committed code anew that is made from other files.
generate:
	$(TOOL) buf generate
	$(GO) generate ./...
	@if command -v npx >/dev/null; then cd sdk/typescript && npm install --silent --no-audit --no-fund --prefer-offline && \
	npm run --silent generate >/dev/null && npm run --silent build; \
	else echo "no npx here: sdk/typescript stays as it is"; fi

# Makes the plugin protocol as it is what later versions may not break: with a release.
landed:
	$(TOOL) buf build --exclude-source-info --path sdk/plugin/pluginv1 -o sdk/plugin/pluginv1/landed.binpb

# Measures; docs/performance.md says what and how.
bench:
	$(GO) run ./bench

# Breaks everything at full size, and writes down what is lost; docs/reliability.md
# says what and how. SEED=n repeats what a seed does.
chaos:
	tools/deps.sh
	$(addprefix TMPDIR=,$(shell tools/ram.sh)) $(GO) run ./chaos -size full -seed $(or $(SEED),0) \
		-json docs/reliability.json -md docs/reliability.md -plots docs

# Runs the real binary with real plugins, simulated platforms and a browser.
e2e:
	tools/deps.sh
	$(GO) test -count=1 -v -timeout 15m ./e2e

# The same with connections that are cut for five minutes instead of half a minute.
e2e-whole:
	tools/deps.sh
	CUT_FOR=5m $(GO) test -count=1 -v -timeout 30m ./e2e

# Gives each parser of foreign input FUZZTIME (30s) of inputs that nobody thought of.
fuzz:
	tools/fuzz.sh

# Looks for known vulnerabilities, where their database can be reached.
vuln:
	tools/vuln.sh

# Writes docs/licenses.md: under which licenses what is linked stands.
licenses:
	$(GO) run ./internal/bill licenses >docs/licenses.tmp && mv docs/licenses.tmp docs/licenses.md

# Writes a CycloneDX list of what is linked into the programs in bin/.
sbom: build
	$(GO) run ./internal/bill sbom bin/pocketping $(patsubst ./%,bin/%,$(PLUGINS)) >bin/pocketping.cdx.json

# Builds the archives, lists and checksums of VERSION for all systems into dist/.
release:
	tools/release.sh

clean:
	rm -rf bin dist
