# Every target does its own set-up in .venv; nothing needs to be installed by hand but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test browser office check bench chaos chaos-proof lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## Run a season of returns on real parts and compare the books
	$(BIN)/homeward demo

browser: ## Debian's Chromium for the browser tests, where it may be installed; where not, they are skipped and say so
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
		&& export DEBIAN_FRONTEND=noninteractive && apt-get update -qq > /dev/null \
		&& apt-get install -y -qq --no-install-recommends chromium > /dev/null; } \
		|| echo "no Chromium, and no right to install it: browser tests will be skipped"

office: ## LibreOffice's spreadsheet, which must open what finance exports; where it may be installed
	@command -v soffice > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
		&& export DEBIAN_FRONTEND=noninteractive && apt-get update -qq > /dev/null \
		&& apt-get install -y -qq --no-install-recommends libreoffice-calc-nogui > /dev/null; } \
		|| echo "no LibreOffice, and no right to install it: its test will be skipped"

test: $(STAMP) browser office ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(STAMP) ## Lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(STAMP) ## Measure; a table on stdout, bench-results.json beside
	$(BIN)/python -m tests.bench

chaos: $(STAMP) ## Seasons under troubles drawn from SEED, HOURS of real time each; exit 1 on any violation
	$(BIN)/python -m tests.chaos --seed $(or $(SEED),1) --seeds $(or $(SEEDS),1) --hours $(or $(HOURS),0.02)

chaos-proof: $(STAMP) ## Plant defects one by one; the judge must catch each
	$(BIN)/python -m tests.chaos.proof

lock: ## Renew the pinned, hashed lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		pyproject.toml -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		--extra dev pyproject.toml -o requirements-dev.txt

clean: ## Remove everything that was built
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
