# make lab opens the notebooks, make test runs every test; both set everything up first.
WINDOWS := $(filter Windows_NT,$(OS))
PYTHON ?= $(if $(WINDOWS),py,python3)
VENV   ?= .venv
SCRIPTS := $(if $(WINDOWS),Scripts,bin)
BIN    := $(VENV)/$(SCRIPTS)
# The name contains the version, so that another PYTHON replaces the environment
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
READY  := $(VENV)/.ready-$(PYTHON_VERSION)
TESTS  := $(VENV)/.tests
DRIVER := $(VENV)/.browser
DOCS   := $(VENV)/.docs
STOCK  := .bench/.ready
LAB    ?=
# The first version with --group is pip 25.1
INSTALL := $(BIN)/python -m pip install --quiet --progress-bar on
DEBIAN := wordnet-base fonts-wqy-zenhei
SUDO   := $(if $(filter 0,$(shell id -u)),,sudo)
ROOT   := $(if $(filter 0,$(shell id -u)),--allow-root)
BOTH_CORES := -n 2 --dist loadfile
FAST   := $(addprefix tests/,support drawing client/test_transport.py client/test_results.py \
	client/test_endpoint.py explorer/test_diff.py batch/test_results_file.py batch/test_sources.py \
	docs/test_language.py docs/test_notebooks.py packaging/test_imports.py packaging/test_names.py \
	service/test_middleware.py service/test_settings.py service/test_scheduler.py \
	service/imaging/test_probe.py service/engines/captions service/engines/evidence)
NBVAL  := $(BIN)/python -m pytest $(BOTH_CORES) --nbval --nbval-cell-timeout=120 notebooks
CUT    := unshare --map-root-user --net sh -c 'ip link set lo up && exec "$$@"' --
BOTH   := set -e; for version in v1.0 v3.2; do \
	echo "The notebooks over API $$version"; VISION_API_VERSION=$$version $(NBVAL); done

.PHONY: help lab serve debian check test notebooks browser binder offline lint format stress bench accuracy sdk compatibility constraints licenses fuzz site wheel minimum execute clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "visionhelpers needs Python 3.11 or newer; name one: make PYTHON=python3.12"; exit 1; }
	grep -qs '^version.* = $(PYTHON_VERSION)\.' $(VENV)/pyvenv.cfg || \
		$(PYTHON) -m venv $(if $(wildcard $(VENV)/pyvenv.cfg),--clear) $(VENV)
	$(BIN)/python -m pip install --quiet 'pip>=25.1'
	@echo 'Installing 1.2 GB, this takes some minutes …'
	$(INSTALL) --editable '.[notebooks]'
	@touch $(READY)

$(TESTS): $(READY)
	@echo 'Installing the tools of the tests, 0.4 GB …'
	$(INSTALL) --group test --group dev --group binder
	@touch $(TESTS)

$(DRIVER): $(TESTS)
	$(INSTALL) --group browser
	@touch $(DRIVER)

$(DOCS): $(READY)
	$(INSTALL) --group docs
	@touch $(DOCS)

$(STOCK): # stock RapidOCR, which make bench compares with
	$(PYTHON) -m venv .bench
	.bench/$(SCRIPTS)/python -m pip install --quiet --progress-bar on rapidocr onnxruntime
	@touch $(STOCK)

lab: $(READY) ## open the notebooks in JupyterLab (options: make lab LAB='--no-browser')
	$(BIN)/jupyter lab $(ROOT) --LabApp.default_url=/lab/tree/notebooks/index.ipynb $(LAB)

serve: $(READY) ## run the local service; Ctrl-C ends it
	$(BIN)/python -m visionservice

debian: ## install the Debian packages that two tests need
	@dpkg -s $(DEBIAN) >/dev/null 2>&1 || \
		{ $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq $(DEBIAN); }

check: lint ## check style and types, and run the tests that are fast: no notebooks, few services
	$(BIN)/python -m pytest $(BOTH_CORES) --quiet $(FAST)

test: $(TESTS) ## run the tests, then every notebook over two versions of the API
	$(BIN)/python -m pytest $(BOTH_CORES)
	@$(BOTH)

notebooks: $(TESTS) ## run only the notebooks, over v1.0 and v3.2, against their outputs
	@$(BOTH)

browser: $(DRIVER) ## open the notebooks in Chromium (options: make browser OFFLINE=yes)
	@command -v chromium >/dev/null || \
		{ $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq chromium; }
	$(if $(OFFLINE),$(CUT)) $(BIN)/python -m pytest tests/browser

binder: $(TESTS) ## repeat MyBinder's build, run the notebooks and measure the memory (Linux)
	$(BIN)/python -m tools.check_binder

offline: $(TESTS) ## run the notebooks with every network except loopback disabled (Linux)
	$(CUT) $(NBVAL)

lint: $(TESTS) ## check style, types and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(TESTS) ## correct style and formatting
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

stress: $(TESTS) ## run the long stress tests (options: make stress RUN=many)
	@set -e; for run in $(or $(RUN),many throughput load); do \
		echo "$$run"; $(BIN)/python -m tests.stress.$$run; done

bench: $(TESTS) $(STOCK) ## measure cost, speed and memory (options: make bench ROWS='cost growth')
	-@command -v tesseract >/dev/null || \
		{ $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq tesseract-ocr; }
	$(BIN)/python -m benchmarks.performance $(ROWS)

accuracy: $(TESTS) ## measure the accuracy of the service (options: make accuracy FOLDER=images)
	$(BIN)/python -m benchmarks.accuracy $(if $(FOLDER),"$(FOLDER)")

sdk: $(TESTS) ## run Microsoft's SDKs (options: make sdk CLIENTS=ci)
	$(BIN)/python -m pytest -v tests/sdk/operations.py --clients='$(filter-out --%,$(CLIENTS))' \
		$(filter --%,$(CLIENTS))

compatibility: $(TESTS) ## write docs/compatibility.md from its table
	$(BIN)/python -m tools.make_compatibility

constraints: $(TESTS) ## write binder/constraints.txt, the versions of Binder and of GitHub's CI
	$(BIN)/python -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --upgrade \
		--extra notebooks --group test --group dev --group docs --group browser --group binder \
		--no-annotate --no-emit-index-url --custom-compile-command 'make constraints' \
		--output-file binder/constraints.txt

licenses: $(TESTS) ## write docs/licenses.md from what is installed
	$(BIN)/python -m tools.make_licenses

fuzz: $(TESTS) ## send thousands of generated requests (options: make fuzz VERSION=v3.2=500)
	$(BIN)/python -W ignore -m tests.fuzz.run $(VERSION)

site: $(DOCS) ## build the site from docs/ and the notebooks into build/site, and check it
	rm -rf build/site
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --jobs 2 \
		--conf-dir docs --doctree-dir build/doctrees . build/site
	$(BIN)/python -m tools.check_site

wheel: $(TESTS) ## build the wheel into dist/ and try it outside the checkout (options: TAG=v0.1.0)
	$(BIN)/python -m tools.check_wheel $(TAG)

minimum: $(TESTS) ## try the wheel with the lowest versions that pyproject.toml allows
	$(BIN)/python -m tools.check_wheel --lowest

execute: $(TESTS) ## run the notebooks and store their outputs, after a change to them
	$(BIN)/python -m tools.add_navigation
	$(BIN)/python -m tools.execute_notebooks
	$(BIN)/python -m tools.make_pictures
	$(BIN)/python -m tools.write_links

clean: ## remove the environments and the caches
	rm -rf $(VENV) .bench .sdk build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
