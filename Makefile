# Every target does its own set-up in .venv; nothing needs to be installed by hand but Python 3.11+.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
AUDIT := .venv-audit
# program:package
TOOLS := chromium:chromium soffice:libreoffice-calc-nogui systemd-analyze:systemd prometheus:prometheus pgbouncer:pgbouncer

.PHONY: help demo test test-system deb tools check audit bench simulate chaos chaos-proof lock clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP) ## Run a season of returns on real parts and compare the books
	$(BIN)/homeward demo

tools: ## What some tests need of Debian, where it may be installed; where not, they are skipped and say so
	@tests/tools $(TOOLS)

test: $(STAMP) tools ## Run all tests
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 2 --dist worksteal

deb: $(STAMP) ## Build the Debian package into dist/ (on Debian; installs debhelper where it may)
	@tests/tools dh:debhelper dpkg-buildpackage:dpkg-dev fakeroot:fakeroot
	deploy/build-deb dist

test-system: $(STAMP) ## Install the package in a Debian that boots systemd, and break it there (needs root; minutes)
	$(BIN)/python -m pytest tests/system

check: $(STAMP) ## Lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

$(AUDIT)/.installed: requirements-audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@touch $@

audit: $(AUDIT)/.installed ## Known vulnerabilities, licences, secrets in the sources, bill of materials (dist/sbom.json)
	AUDIT=$(AUDIT)/bin tests/audit

bench: $(STAMP) ## Measure; a table on stdout, bench-results.json beside
	$(BIN)/python -m tests.bench

chaos: $(STAMP) ## Seasons under troubles drawn from SEED, HOURS of real time each; exit 1 on any violation
	$(BIN)/python -m tests.chaos --seed $(or $(SEED),1) --seeds $(or $(SEEDS),1) --hours $(or $(HOURS),0.02)

simulate: $(STAMP) ## Seasons of a simulated world from SEED on, SEASONS many; exit 1 on any violation
	$(BIN)/python -m tests.simulate --seed $(or $(SEED),1) --seasons $(or $(SEASONS),100)

chaos-proof: $(STAMP) ## Plant defects one by one; the judge must catch each
	$(BIN)/python -m tests.chaos.proof

lock: ## Renew the pinned, hashed lock files (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		pyproject.toml -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		--extra dev pyproject.toml -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
		--extra audit pyproject.toml -o requirements-audit.txt

clean: ## Remove everything that was built
	rm -rf $(VENV) $(AUDIT) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
