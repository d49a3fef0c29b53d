# The two commands are `make demo` and `make test`; both set everything up first. See README.md.
.PHONY: demo test setup lint types lock clean

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin

demo: setup
	$(RUN)/submitter demo $(DEMO)

test: setup lint types
	$(RUN)/python -m pytest -n 2 --dist worksteal $(TESTS)

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

# Rewrites both locks from pyproject.toml; needs uv.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --quiet --output-file requirements-dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
