# Every verb a person or a machine needs. Set-up is by pip from hashed requirements, and a second run of it is instant.
# Tested by tests/docs/test_documents.py.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
CLIENTS := .venv-clients
GLANCE := .venv-glance
TEMPEST := .venv-tempest
SCHEMATHESIS := .venv-schemathesis
BIN := $(VENV)/bin
INSTALL := -m pip install --quiet --disable-pip-version-check --compile --require-hashes -r

.PHONY: help setup serve wheel clients reference check test proof bench docs tools clean

help:  ## list the verbs
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

setup: $(VENV)/.serve  ## the program in .venv, compiled; nothing else
	@$(BIN)/python -m compileall -q src

serve: setup  ## Calotype on http://127.0.0.1:9292, data in ./data
	@$(BIN)/calotype serve

wheel: $(VENV)/.serve  ## what pip and pipx install, in dist; docs/operate/install.md
	@rm -rf build  # a module that is gone from src would be taken from there
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

clients: $(CLIENTS)/.clients  ## glance and openstack in .venv-clients

reference: $(GLANCE)/.glance $(TEMPEST)/.tempest  ## Glance 33 and tempest 47, which `make proof` sets beside us

check: $(VENV)/.check  ## lint, format, types, walls
	@# Which modules are ours is not part of the cache's key: a moved file would be judged by where it was.
	$(BIN)/ruff check --no-cache
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(VENV)/.check $(CLIENTS)/.automation tools  ## everything a change must pass
	@$(BIN)/python -m compileall -q src
	$(BIN)/pytest tests -n 2 --dist worksteal
	$(BIN)/pytest tests/http -n 2 --dist worksteal --on postgresql+s3

proof: $(VENV)/.check $(CLIENTS)/.automation $(SCHEMATHESIS)/.schemathesis reference tools  ## what takes longer than a test may, and random tests at length
	@$(BIN)/python -m compileall -q src
	$(BIN)/pytest tests -n 2 -m 'proof or hypothesis' --hypothesis-profile=proof --timeout=1800

bench: $(VENV)/.check tools  ## numbers against their floors, on this machine; writes bench/results
	@$(BIN)/python -m compileall -q src
	$(BIN)/python bench/run.py

docs: $(VENV)/.check  ## links, options, commands, codes and dependencies in the documents against the program
	$(BIN)/pytest tests/docs

clean:  ## remove what set-up and tools made; data and measurements stay
	rm -rf $(VENV) $(CLIENTS) $(SCHEMATHESIS) $(GLANCE) $(TEMPEST) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Calotype needs Python 3.11 or later: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: requirements/serve.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python $(INSTALL) requirements/serve.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.check: requirements/check.txt $(VENV)/.serve
	$(BIN)/python $(INSTALL) requirements/check.txt
	@touch $@

# Real clients pin what they like, so they live by themselves.
$(CLIENTS)/.clients: requirements/clients.txt
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python $(INSTALL) requirements/clients.txt
	@touch $@

# Clients that only the tests start, beside those: they ask for no other versions. Of the 20,877 files of Ansible's package
# one collection is wanted, which no package has by itself. It runs on older Pythons than the package says.
$(CLIENTS)/.automation: requirements/automation.txt requirements/collection.txt .ci/collection $(CLIENTS)/.clients
	$(CLIENTS)/bin/python $(INSTALL) requirements/automation.txt
	$(CLIENTS)/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --ignore-requires-python \
	    --require-hashes -r requirements/collection.txt --dest $(CLIENTS)/wheel
	$(CLIENTS)/bin/python .ci/collection $(CLIENTS)/wheel
	@rm -r $(CLIENTS)/wheel
	@touch $@

# By itself, since it brings a plugin for pytest, which ours is not to load.
$(SCHEMATHESIS)/.schemathesis: requirements/schemathesis.txt
	$(PYTHON) -m venv $(SCHEMATHESIS)
	$(SCHEMATHESIS)/bin/python $(INSTALL) requirements/schemathesis.txt
	@touch $@

# The reference itself and the tests of its project, with what they want.
$(GLANCE)/.glance: requirements/glance.txt
	$(PYTHON) -m venv $(GLANCE)
	$(GLANCE)/bin/python $(INSTALL) requirements/glance.txt
	@touch $@

$(TEMPEST)/.tempest: requirements/tempest.txt
	$(PYTHON) -m venv $(TEMPEST)
	$(TEMPEST)/bin/python $(INSTALL) requirements/tempest.txt
	@touch $@

tools:
	@.ci/tools
