# Two commands: `make demo` writes out/攀枝花/, `make test` runs every check. Both make the environment first.
PYTHON ?= python3
VENV ?= .venv
OUT ?= out
BIN := $(VENV)/bin

.PHONY: demo test test-lowest clean

demo: $(VENV)/.demo
	$(BIN)/fugai demo "$(OUT)"

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --dist loadfile

# The same tests with the oldest of each package that pyproject.toml allows.
test-lowest: $(VENV)-lowest/.test
	$(VENV)-lowest/bin/python -m pytest -n auto --dist loadfile -W ignore::DeprecationWarning -W ignore::FutureWarning

$(VENV)-lowest/.test: pyproject.toml tests/lowest.py
	$(PYTHON) -m venv $(VENV)-lowest
	$(PYTHON) tests/lowest.py > $(VENV)-lowest/constraints.txt
	$(VENV)-lowest/bin/python -m pip install --quiet --constraint $(VENV)-lowest/constraints.txt --editable ".[test]"
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	$(BIN)/python -m planner.ready
	touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	$(BIN)/python -m planner.ready
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) $(VENV)-lowest out build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
