# The same words for people and CI. A fresh machine needs python3 and make, nothing else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
UV     := VIRTUAL_ENV=$(CURDIR)/$(VENV) UV_PYTHON_DOWNLOADS=never $(BIN)/uv
MEMBERS := $(sort $(wildcard packages/*/pyproject.toml services/*/pyproject.toml))
# Arguments for pytest, as in `make test-unit ARGS="-k wallet"`.
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help setup check format test test-unit run demo bench chaos-venue docs-check lock clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: $(VENV)/.ok ## create .venv with every tool and every package of this repository

$(VENV)/.ok: pyproject.toml requirements.lock $(MEMBERS)
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; choose one with: make setup PYTHON=/path/to/python3" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV) || \
	  { echo "python3 -m venv failed. On Debian and Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check uv
	$(UV) pip sync -q --require-hashes requirements.lock
	$(UV) pip install -q --no-deps $(addprefix -e ,$(dir $(MEMBERS)))
	@touch $@

check: setup ## format, lint, types, import contracts; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## format, and mend what can be mended
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format .

test: check ## everything that CI runs
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

test-unit: setup ## the quick half: no server, no socket
	$(BIN)/pytest packages services $(ARGS)

run: setup ## the whole platform, embedded, until Ctrl-C
	$(BIN)/tradecore run

demo: setup ## the whole platform, an order placed and filled, then stopped
	$(BIN)/tradecore demo

bench: setup ## measure on this machine
	$(BIN)/python -m bench

chaos-venue: setup ## ten seeded days at a venue that goes wrong (half an hour); CHAOS_SEEDS, CHAOS_ORDERS
	$(BIN)/python -m chaos

docs-check: setup ## run the code blocks of the documentation
	$(BIN)/pytest tests/docs $(ARGS)

lock: setup ## resolve again and write requirements.lock
	$(UV) lock -q --upgrade --python $(BIN)/python
	$(UV) export -q --frozen --python $(BIN)/python --no-emit-workspace --no-header --all-packages --all-groups --all-extras \
	  -o requirements.lock

clean: ## remove what was made here; data of `make run` (.tradecore) stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage htmlcov build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
