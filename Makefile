# The six verbs: install, check, fix, test, wheel, up. Everything lives in .venv; nothing else on the machine is touched,
# but for the Debian packages that tests start (`make test` prints the one line and runs it where it may).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install check fix test test-long bench bench-quick wheel up up-full smoke lock clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(VENV)/.platform  ## the whole platform on this machine; Ctrl-C stops it
	@exec $(BIN)/summit up

up-full: $(VENV)/.dev  ## the same on PostgreSQL, RabbitMQ, Redis, S3 and Prometheus, as processes of this machine
	@$(BIN)/python -P scripts/system_packages.py --full
	@exec $(BIN)/summit up --full

install: $(VENV)/.platform  ## what `make up` needs, into .venv

test: $(VENV)/.dev  ## all tests, in under ten minutes
	@$(BIN)/python -P scripts/system_packages.py
	$(BIN)/python -P -m pytest --numprocesses=2 --junitxml=reports/tests.xml
	$(BIN)/python -P scripts/conformance.py reports/tests.xml --check

test-long: $(VENV)/.long  ## the tests that take long
	@$(BIN)/python -P scripts/system_packages.py --long
	$(BIN)/python -P -m pytest -m long --timeout=3600

check: $(VENV)/.dev  ## formatting, lint, types, imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/mypy tests scripts
	$(BIN)/lint-imports

fix: $(VENV)/.dev  ## what can be mended without thinking
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.dev  ## ours beside six other servers, interleaved, in half an hour; one JSON document last
	$(BIN)/python -m bench.compare

bench-quick: $(VENV)/.dev  ## ours alone against the bare forward, in a minute; one JSON document last
	$(BIN)/python -m bench.quick

wheel: $(VENV)/.dev  ## sdist and wheel, installed into a clean environment and imported there
	$(BIN)/python -P scripts/wheel.py

smoke: $(VENV)/.platform  ## every way into a running service, tried once: the one of this machine, or URL=…
	@$(BIN)/summit smoke $(if $(URL),--url $(URL))

lock: ## resolve anew what pyproject.toml asks for, into requirements/
	$(PYTHON) scripts/lock.py

clean:  ## remove the environment and what tools left behind
	rm -rf $(VENV) dist reports .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.python:
	@$(PYTHON) scripts/environment.py create $(VENV)
	@touch $@

$(VENV)/.platform: $(VENV)/.python requirements/platform.txt pyproject.toml
	@$(PYTHON) scripts/environment.py install $(VENV) requirements/platform.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.platform requirements/dev.txt
	@$(PYTHON) scripts/environment.py install $(VENV) requirements/dev.txt
	@touch $@

$(VENV)/.long: $(VENV)/.dev requirements/long.txt
	@$(PYTHON) scripts/environment.py install $(VENV) requirements/long.txt
	@touch $@
