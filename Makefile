# Commands for people; `make` alone lists them. Every one of them does all the set-up it needs, once.

# Real applications for demo and tests; where they are absent, the sample in deploy/samples is taken.
SLIPWAY_SAMPLES ?= ../shared/manifests
export SLIPWAY_SAMPLES

PYTHON ?= python3
ARGS ?=
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# Some machines forbid it, and then each of eight processes compiles all of Django at every start.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
UV := .venv/bin/uv pip install --python $(PY) --quiet --compile-bytecode
RUN := .venv/.set-up/run
DEVELOP := .venv/.set-up/develop
ASSETS := static/vendor/.complete
FRONT_END_TOOLS := var/npm/tools/.complete
FRONT_END := deploy/set-up/front-end
NODE := $(PY) deploy/set-up/front_end.py node

.DEFAULT_GOAL := help
.PHONY: help demo up test lint bench screenshots soak wheel assets set-up clean

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: $(RUN) $(ASSETS) ## the whole product with a demo; ARGS="--exit | --reset | --port N | --data DIR | --kubeconfig FILE"
	@$(PY) -m slipway.embedded demo $(ARGS)

up: $(RUN) $(ASSETS) ## the whole product, empty; ARGS as for demo
	@$(PY) -m slipway.embedded up $(ARGS)

test: $(DEVELOP) $(ASSETS) $(FRONT_END_TOOLS) ## all tests; ARGS="tests/engine -k word"
	@deploy/set-up/chromium
	@$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

lint: $(DEVELOP) $(FRONT_END_TOOLS) ## style, types (scripts too), import directions, templates, migrations, the API's schema
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(NODE) var/npm/tools/node_modules/typescript/bin/tsc --project $(FRONT_END)/tsconfig.json
	.venv/bin/djlint templates --lint --check --quiet
	DJANGO_SETTINGS_MODULE=slipway.settings.test $(PY) -W ignore manage.py makemigrations --check --dry-run
	DJANGO_SETTINGS_MODULE=slipway.settings.test $(PY) -W ignore manage.py write_api_document --path var/openapi.yaml
	diff -u docs/openapi.yaml var/openapi.yaml

bench: $(DEVELOP) $(ASSETS) ## ratios within one run, into var/bench.json; ARGS="--kubeconfig FILE"
	@$(PY) -m tests.benchmarks $(ARGS)

screenshots: $(DEVELOP) $(ASSETS) ## every page, wide and on a phone, light and dark, into var/screenshots
	@deploy/set-up/chromium
	@$(PY) -m tests.e2e.screenshots var/screenshots

soak: $(DEVELOP) $(ASSETS) ## the large numbers, into var/soak.json; takes an hour or more
	@$(PY) -m tests.soak $(ARGS)

wheel: $(DEVELOP) $(ASSETS) ## dist/slipway-*.whl, with templates and static files in it
	@rm -rf dist && $(PY) -m hatchling build --target wheel

assets: $(ASSETS) ## the third-party files of the pages

set-up: $(DEVELOP) $(ASSETS) $(FRONT_END_TOOLS) ## all of the set-up and nothing else

clean: ## takes the set-up away; data folders stay
	rm -rf .venv dist static/vendor var/npm var/node

.venv/.set-up/tools: deploy/set-up/tools.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Slipway needs Python 3.11 or newer; name one: make PYTHON=python3.12 …")'
	@$(PYTHON) -c 'import venv, ensurepip' || { echo "Python's venv is missing (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Setting up .venv" >&2
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --require-hashes -r deploy/set-up/tools.lock
	@mkdir -p $(@D) && touch $@

$(RUN): requirements.lock pyproject.toml .venv/.set-up/tools
	@echo "Installing what Slipway needs" >&2
	@$(UV) --require-hashes -r requirements.lock
	@$(UV) --no-deps --no-build-isolation -e .
	@touch $@

$(DEVELOP): requirements-dev.lock $(RUN)
	@echo "Installing what its tests need" >&2
	@$(UV) --require-hashes -r requirements-dev.lock
	@touch $@

$(ASSETS): $(FRONT_END)/vendor.json $(FRONT_END)/package-lock.json deploy/set-up/front_end.py .venv/.set-up/tools
	@$(PY) deploy/set-up/front_end.py vendor
	@touch $@

$(FRONT_END_TOOLS): $(FRONT_END)/tools/package-lock.json deploy/set-up/front_end.py .venv/.set-up/tools
	@echo "Fetching what checks the pages" >&2
	@$(PY) deploy/set-up/front_end.py tools
	@touch $@
