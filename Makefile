# The two commands are `make demo` and `make test`; both set everything up first. See README.md.
.PHONY: demo test test-tryton chaos corpus setup lint types lock clean

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
ROUNDS ?= 25
DATABASE ?= sqlite
TRYTON ?= 8.0

demo: setup
	$(RUN)/submitter demo $(DEMO)

test: setup lint types
	sh scripts/run_tests.sh $(TESTS)

# Against a real Tryton, which is installed below .venv-tryton the first time. TRYTON=7.0: the release before, which may stop.
test-tryton: setup
	TRYTON=$(TRYTON) $(RUN)/python -m pytest tests/acceptance/tryton

# Random faults and kills, then the portal's ledger against ours; docs/reliability.md says what is counted.
chaos: setup
	$(RUN)/python -m tests.chaos --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED)) --database $(DATABASE) $(if $(KEEP),--keep $(KEEP))

# Real documents for tests/corpus: those that pypdf and factur-x carry in their source distributions.
corpus: setup
	$(RUN)/python scripts/fetch_corpus.py

setup: $(VENV)/.ready
	@$(RUN)/python scripts/find_browser.py

# Set-up is skipped while the locks and the project file are older than its mark.
$(VENV)/.ready: requirements-dev.txt pyproject.toml scripts/setup.sh
	PYTHON="$(PYTHON)" sh scripts/setup.sh

lint: setup
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .

types: setup
	$(RUN)/mypy

# Rewrites the three locks from pyproject.toml; needs uv.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements.txt
	uv pip compile pyproject.toml --extra fleet --universal --python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements-fleet.txt
	uv pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
