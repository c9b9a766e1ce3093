# Every chore in one place, for people and for the build alike. Outside this checkout only the temporary directory of
# the system is used: the environment is .venv, caches are in .cache. Packages come from the lock files, by hash.

PYTHON ?= python3
LOCK_FLAGS ?=
SEED ?= 1

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --cache-dir $(CURDIR)/.cache/pip
COMPILE := $(BIN)/uv pip compile -q --no-config --cache-dir .cache/uv pyproject.toml --group build \
	--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command "make lock" $(LOCK_FLAGS)

.DEFAULT_GOAL := help
.PHONY: help demo test check all bench bench-stats figures soak audit sbom lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.installed ## watch a simulated market at high speed
	@$(BIN)/bellwether demo

test: $(VENV)/.installed-dev ## run the tests on two workers
	@echo "Running the tests"
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

check: $(VENV)/.installed-dev ## lint, format, types, architecture, documentation
	@echo "Checking style, types, architecture and documentation"
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo --cache-dir .cache/import-linter
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q --strict --site-dir .cache/site

all: test check ## test, then check

bench: $(VENV)/.installed-dev ## run the benchmarks, and write docs/benchmarks.md
	@echo "Running the benchmarks"
	@$(BIN)/python -m tests.bench --write

bench-stats: $(VENV)/.installed-dev ## check the statistics in simulated worlds (SEED=7)
	@echo "Running the statistics in simulated worlds"
	@$(BIN)/python -m tests.bench.stats --seed $(SEED)

figures: $(VENV)/.installed-dev ## draw the figures of the documentation again
	@echo "Drawing the figures of the documentation"
	@$(BIN)/python -m tests.docs.figures
	@$(BIN)/python -m tests.docs.pictures

soak: $(VENV)/.installed-dev ## run the long tests
	@echo "Running the long tests"
	@$(BIN)/python -m pytest -q -m soak

audit: $(VENV)/.installed-dev ## look for known vulnerabilities in what is locked, and for weak spots in our code
	@echo "Auditing the packages of requirements.lock, then our own code"
	@$(BIN)/pip-audit --disable-pip --require-hashes --strict --progress-spinner off -r requirements.lock \
		|| { echo "NOT AUDITED, or vulnerable: see above. Without the index's advisories nothing is known" >&2; exit 1; }
	@$(BIN)/bandit -q -ll -r bot rules

sbom: $(VENV)/.installed-dev ## write the bill of materials, CycloneDX, to dist/sbom.json
	@echo "Writing dist/sbom.json"
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.json requirements.lock

lock: $(VENV)/.installed-dev ## write the lock files again (newest versions: LOCK_FLAGS=--upgrade)
	@echo "Locking the versions and hashes of all packages"
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --extra parquet --extra cluster --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove the environment, the caches and what was built
	@echo "Removing what make has created"
	@rm -rf $(VENV) .cache .hypothesis .pytest_cache build dist site
	@find bot rules tests -type d -name __pycache__ -prune -exec rm -rf {} +

# Stamps: an installation is repeated only when what it is made from has changed.

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Bellwether needs Python 3.11 or newer, and \"$(PYTHON)\" is not: try make PYTHON=python3.11" >&2; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.created requirements.lock pyproject.toml
	@echo "Installing Bellwether and the packages of requirements.lock into $(VENV)"
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# The development lock holds the runtime lock, so this stamp serves for both.
$(VENV)/.installed-dev: $(VENV)/.created requirements-dev.lock requirements.lock pyproject.toml
	@echo "Installing Bellwether and the packages of requirements-dev.lock into $(VENV)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(VENV)/.installed $@
