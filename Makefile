# Every target sets up what it needs; `setup` is quick when nothing changed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test crash check format bench lock
.DEFAULT_GOAL := test

setup:
	@sh tools/setup.sh "$(PYTHON)"

demo: setup
	@$(BIN)/fullcount demo

# Browsers come last and one at a time: two of them with their shops are too many for two cores.
test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore tests/browser
	$(BIN)/python -m pytest tests/browser

crash: setup
	CRASH_ROUNDS=50 $(BIN)/python -m pytest -m crash tests/e2e -p no:xdist --timeout 1500

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(BIN)/python tools/sizes.py

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup
	$(BIN)/python -m tests.bench

lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--all-extras --group dev pyproject.toml -o requirements/dev.txt
