# make demo     the product at work, with sample calls (sets itself up first)
# make check    lint, types and the tests that need no server: about a minute
# make test     what must hold before a change goes in; installs what the tests need
# make install  only the virtual environment .venv

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PAGES_TOOLS := tests/js/node_modules
SHELL  := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help install demo check test lint debian asterisk node office program wheels restarts clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

install: $(VENV)/installed ## set up .venv with the program

demo: $(VENV)/installed ## show the product at work with sample calls; Ctrl-C ends it
	@$(BIN)/kikimori demo

# Pure parts: no broker, PBX, browser or speech model.
QUICK := tests/media tests/model tests/integrations/asterisk/test_*.py tests/judging tests/integrations/mirror \
  --ignore=tests/integrations/mirror/test_traffic.py tests/integrations/test_registry.py \
  tests/wire/test_actions.py tests/wire/test_contract.py tests/wire/test_future.py tests/test_architecture.py tests/test_docstrings.py tests/test_documents.py
check: lint ## lint, types and the tests that need no server: about a minute
	$(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile $(QUICK)

# One more than cores, as a third of the time is spent waiting for telephones; at most four.
WORKERS = $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$((n < 3 ? n + 1 : 4)))
test: $(VENV)/testable debian asterisk lint ## check everything
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

lint: $(VENV)/testable $(PAGES_TOOLS)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm --prefix tests/js run --silent check

# Types and linter of the pages' modules. Developers alone need Node: what is installed has no build step.
$(PAGES_TOOLS)/installed: tests/js/package.json tests/js/package-lock.json | node
	npm ci --prefix tests/js --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

node:
	@command -v node >/dev/null && command -v npm >/dev/null || { \
	  echo "The checks of the pages need Node. Run: sudo apt-get install nodejs npm" >&2; exit 1; }

# The first step of README "In an office", and of an update: what is there already stays. NAME and ADDRESS are this machine's.
# PARTS=agent or PARTS=dashboard for a machine that has one of them alone; an agent's needs no name.
PARTS ?= all
OPT := /opt/kikimori
ETC := /etc/kikimori
UNITS := /etc/systemd/system
office: ## sudo make office NAME=… [ADDRESS=…] [WHEELS=…]: install on this machine of an office, with units and certificate
	@test "$$(id -u)" = 0 -a -n "$(NAME)$(filter agent,$(PARTS))" || { \
	  echo "sudo make office NAME=kikimori.office.example ADDRESS=192.168.1.20" >&2; exit 1; }
	@$(PYTHON) -c "$$CHECK_PYTHON"
	@$(MAKE) --no-print-directory program
	ln -sf $(OPT)/bin/kikimori /usr/local/bin/
	getent passwd kikimori >/dev/null || useradd --system --user-group --no-create-home --shell /usr/sbin/nologin kikimori
	mkdir -p $(ETC) $(UNITS)/kikimori-dashboard.service.d $(UNITS)/kikimori-records.service.d
	$(if $(NAME),test -e $(ETC)/certificates/authority.crt || \
	  $(OPT)/bin/kikimori certificate create --name "$(NAME)" $(if $(ADDRESS),--address "$(ADDRESS)"))
	test -e $(ETC)/kikimori.toml || sed -E $(STATE) $(if $(NAME),$(PAGES)) config/kikimori.toml > $(ETC)/kikimori.toml
	cp systemd/kikimori*.service systemd/kikimori-certificate.timer $(UNITS)/
	cp systemd/kikimori-certificate.conf $(UNITS)/kikimori-dashboard.service.d/
	cp systemd/kikimori-certificate.conf $(UNITS)/kikimori-records.service.d/
	systemctl daemon-reload
	@$(MAKE) --no-print-directory restarts

# The program alone, in $(OPT): the tested versions, by their hashes where everything is installed, and built by a tested one:
# without isolation, which would fetch the newest. Nothing is fetched where WHEELS names a folder that `make wheels` has filled.
BUILT_HERE := --no-build-isolation
# Older pips take another way otherwise for a library that names no builder (srt).
export PIP_USE_PEP517 := 1
PIP_INSTALL = $(OPT)/bin/pip install --quiet --disable-pip-version-check $(if $(WHEELS),--no-index --find-links "$(WHEELS)")
program:
	test -x $(OPT)/bin/pip || $(PYTHON) -m venv $(OPT) || { apt-get install -q -y python3-venv && $(PYTHON) -m venv $(OPT); }
	$(PIP_INSTALL) --require-hashes -r requirements-build.lock
	$(if $(filter all,$(PARTS)),$(PIP_INSTALL) $(BUILT_HERE) --require-hashes -r requirements.lock)
	sed -nE 's/^([A-Za-z0-9._-]+==[^\\]*[^ \\]).*/\1/p' requirements.lock > $(OPT)/versions.txt
	$(PIP_INSTALL) $(BUILT_HERE) --constraint $(OPT)/versions.txt $(if $(filter all,$(PARTS)),--no-deps) '.[$(PARTS)]'
	rm -rf kikimori.egg-info

wheels: ## WHEELS=folder: fetch what `make office` installs, for a machine without a network
	@test -n "$(WHEELS)" || { echo "make wheels WHEELS=folder" >&2; exit 1; }
	@$(PYTHON) -c "$$CHECK_PYTHON"
	env=$$(mktemp -d); trap 'rm -rf "$$env"' EXIT; $(PYTHON) -m venv "$$env"; \
	pip="$$env/bin/python -m pip --quiet --disable-pip-version-check"; \
	$$pip install --require-hashes -r requirements-build.lock; \
	$$pip download $(BUILT_HERE) --require-hashes -r requirements-build.lock -r requirements.lock --dest "$(WHEELS)"

# Services that go on with the program as it was before the update, half of whose files are new now.
restarts:
	@for each in kikimori kikimori-agent kikimori-dashboard kikimori-records; do \
	  ! systemctl is-active --quiet $$each || echo "now: sudo systemctl restart $$each"; done

# Lines of the sample that a service needs otherwise: its folder; and the pages by HTTPS for the whole office.
STATE := -e 's/^\# (state_dir = "\/var\/lib\/kikimori")/\1/'
PAGES := -e '/^\[dashboard\]/,/^\[store\]/ { s/^\# (certificate(_key)? = )/\1/; s/^host = "127.0.0.1"/host = "0.0.0.0"/ }'

clean: ## remove .venv and caches
	rm -rf $(VENV) $(PAGES_TOOLS) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c "$$CHECK_PYTHON"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  echo "python3-venv is not there: fetching pip from the package index" >&2; \
	  $(PYTHON) -m venv --clear --without-pip $(VENV) && $(BIN)/python -c "$$FETCH_PIP"; }
	@$(call quietly,setting up $(VENV),'.[all]')
	@touch $@

# In a variable of its own: a comma inside $(call …) would begin the next argument.
FOR_TESTS := '.[test,training]'
$(VENV)/testable: $(VENV)/installed
	@$(call quietly,adding to $(VENV) what the tests need,$(FOR_TESTS))
	@touch $@

# What the tests talk to: a real broker, browser with Japanese letters and database, sipp as an SBC, reverse proxies;
# libnss3-tools tells the browser which authorities to trust. Node may be another's than Debian's.
DEBIAN := mosquitto chromium fonts-noto-cjk sip-tester libportaudio2 postgresql nginx-light caddy libnss3-tools
# Debian's package would start a server of its own; the tests start theirs.
NO_CLUSTER = DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql-common; \
  sed -ri 's/^.?create_main_cluster .*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
debian:
	@missing=""; for each in $(DEBIAN); do \
	  dpkg-query -W -f '$${Status}' $$each 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$each"; done; \
	command -v node >/dev/null && command -v npm >/dev/null || missing="$$missing nodejs npm"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then \
	  echo "The tests need Debian packages. Run: sudo apt-get install$$missing" >&2; exit 1; fi; \
	echo "installing$$missing" >&2; apt-get update -q; \
	case "$$missing" in *postgresql*) $(NO_CLUSTER);; esac; \
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing

# A real Asterisk of Debian's, unpacked beside the checkout's files: 82 MB fetched once. Without it its tests are skipped.
asterisk:
	@test -x .asterisk/asterisk || tests/support/get_asterisk.sh .asterisk >&2 || { \
	  rm -rf .asterisk; echo "no Asterisk could be fetched: tests with a real one will be skipped" >&2; }

# $(call quietly,TITLE,PACKAGE): install with pip, and show one line meanwhile; all that pip said where it fails.
define quietly
log=$(VENV)/pip.log; $(BIN)/pip install --disable-pip-version-check --editable $(2) >$$log 2>&1 & pid=$$!; \
trap 'kill $$pid 2>/dev/null || :; wait' EXIT; began=$$SECONDS; \
test -t 2 || printf '%s …' "$(1)" >&2; \
while kill -0 $$pid 2>/dev/null; do \
  test ! -t 2 || printf '\r%s: %d packages, %d s ' "$(1)" "$$(grep -c '^Collecting' $$log || :)" $$((SECONDS - began)) >&2; sleep 1; \
done; \
if wait $$pid; then echo " done" >&2; else echo " failed:" >&2; cat $$log >&2; exit 1; fi
endef

define CHECK_PYTHON
import sys
if sys.version_info < (3, 11):
    sys.exit(f"Kikimori needs Python 3.11 or later, this is {sys.version.split()[0]}: make PYTHON=/path/to/python3.11")
endef
export CHECK_PYTHON

# Debian's python3 comes without ensurepip. A wheel can be run as it is, so pip installs itself.
define FETCH_PIP
import hashlib, json, os, runpy, sys, tempfile, urllib.parse, urllib.request
index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
ask = urllib.request.Request(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
try:
    files = json.load(urllib.request.urlopen(ask, timeout=60))["files"]
    wheel = [f for f in files if f["filename"].endswith("-py3-none-any.whl") and not f.get("yanked")][-1]
    content = urllib.request.urlopen(urllib.parse.urljoin(index, wheel["url"]), timeout=60).read()
except (OSError, ValueError, KeyError, IndexError) as error:
    sys.exit(f"cannot fetch pip from {index}: {error}\n  next: sudo apt-get install python3-venv, then again")
if hashlib.sha256(content).hexdigest() != wheel["hashes"]["sha256"]:
    sys.exit(f"{wheel['filename']} from {index} is damaged; try again")
path = os.path.join(tempfile.mkdtemp(), wheel["filename"])
open(path, "wb").write(content)
sys.path.insert(0, path)
sys.argv = ["pip", "install", "--quiet", "--no-index", path]
runpy.run_module("pip", run_name="__main__")
endef
export FETCH_PIP
