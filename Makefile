# Everything from nothing but make, git and Python 3.11+. The first run sets up .venv; later runs find it ready.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
BIN := .venv/bin
PINS := pyproject.toml constraints.txt
IMAGES ?= examples/photo.jpg examples/scan.jpg
OUT ?= out/demo

.PHONY: demo serve test test-fast test-all lint setup clean

demo: .venv/ready
	$(BIN)/python -m classify.infer --image $(IMAGES) --output $(OUT) --overwrite
	@echo; echo "Open in a browser:"; ls $(OUT)/*.report.html

serve: .venv/ready-serve
	$(BIN)/python -m serve

test: .venv/ready-test
	$(BIN)/ruff check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile -m "not long"

test-all: .venv/ready-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile

test-fast: .venv/ready-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not long"

lint: .venv/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: .venv/ready-test

.venv/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed, found: $$("$(PYTHON)" --version 2>&1). Try: make PYTHON=/path/to/python3.11"; exit 1; }
	"$(PYTHON)" -m venv .venv

.venv/ready: $(PINS) | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

.venv/ready-serve: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[serve]'
	touch $@

.venv/ready-test: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	touch $@

clean:
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis out
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
