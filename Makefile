# `make demo` to look at the register, `make test` to check it, `make help` for the rest.
SHELL := bash
PYTHON ?=
export PYTHON
BIN := .venv/bin
# pytest rewrites each test file once, and the workers read what it keeps; lint leaves a core for it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: demo test tested collected prove bench docs pictures pins sbom audit lint format help

demo: ## a running instance with the sample cases, on http://127.0.0.1:5000
	@tools/venv run
	@exec $(BIN)/webcitoyen demo

test: ## everything, on SQLite and on a PostgreSQL that the tests start
	@tools/venv dev
	@tools/bring
	@$(MAKE) --no-print-directory -j2 lint tested
	$(BIN)/coverage report --fail-under=100 --show-missing

tested: collected
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not prove" --cov --cov-report=

# What cannot be collected is said by the run that follows.
collected:
	-@$(BIN)/python -m pytest -q --collect-only >/dev/null

prove: ## the long checks: killed processes, races, big data
	@tools/venv dev
	@tools/bring prove
	$(BIN)/python -m pytest -m prove

bench: ## how fast it is, as ratios measured in one run; BENCH=--markdown for docs/performance.md
	@tools/venv dev
	@tools/bring bench
	$(BIN)/python -m benchmarks $(BENCH)

docs: ## the documentation as a small site, in build/docs
	@tools/venv dev
	$(BIN)/python -m tools.docs

pictures: ## the pictures of docs/ taken again, as make prove does
	@tools/venv dev
	@tools/bring
	$(BIN)/python -m pytest -m prove tests/flows/reports/test_screenshots.py

pins: ## requirements/ made again from pyproject.toml; PINS=--upgrade raises every version
	@tools/venv dev
	$(BIN)/python -m tools.pins $(PINS)

sbom: ## the list of components, with licences and hashes (CycloneDX), in build/sbom.json
	@tools/venv dev
	@$(BIN)/python -m tools.sbom build/sbom.json

audit: ## known holes in the dependencies; AUDIT="--advisories FILE" for a machine without network
	@tools/venv run
	@$(BIN)/python -m tools.audit $(AUDIT)

lint: ## ruff and mypy --strict
	@tools/venv dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: ## lay the code out as lint wants it
	@tools/venv dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

help: ## this list
	@sed -n 's/^\([a-z]*\): ## /make \1	/p' Makefile | expand -t 14
