# Start with `make run` and `make test`; the other targets are parts of them, or take longer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Programs that the tests need and PyPI does not have, as command:package. On Debian, make installs them if run by root.
TOOLS := mandoc:mandoc man:man-db busybox:busybox dash:dash bash:bash zsh:zsh fish:fish setpriv:util-linux \
         mount:mount mkfs.ext4:e2fsprogs mkfs.xfs:xfsprogs cron:cron systemd-analyze:systemd cc:build-essential
# How long `make chaos` runs, and `make fuzz` for each kind of file.
SECONDS ?= 600
APT := DEBIAN_FRONTEND=noninteractive apt-get

.DEFAULT_GOAL := help
.PHONY: help run test check lint types imports man deb deb-test crash chaos fuzz bench clean tools ensurepip

help:
	@echo 'make run    install into $(VENV), then run and list the tasks of tasks.d/'
	@echo 'make test   run everything that must pass: make check, then the tests'
	@echo 'make check  check lint, types, import contracts and man pages'
	@echo 'make crash  kill a supervisor before every single step; takes minutes'
	@echo 'make chaos  kill, stop, edit, rotate and fill up an instance for SECONDS=600, then compare log and tasks'
	@echo 'make fuzz   read hostile run logs, status files, states and task files, for SECONDS=600 each'
	@echo 'make deb    build a Debian package for this release of Debian: dist/automate_*.deb'
	@echo 'make deb-test  install, upgrade and purge it in a fresh Debian (debootstrap); as root, takes minutes'
	@echo 'make bench  measure speed, relative to grep, croniter and python -c'

run: $(VENV)/installed
	$(BIN)/automate -C . run '*'
	@echo
	$(BIN)/automate -C . list
	@echo
	$(BIN)/automate -C . log host-report
	@echo
	$(BIN)/automate -C . history -n 10
	@echo
	@echo 'Try: $(BIN)/automate -C . next; $(BIN)/automate -C . show updates; $(BIN)/automate --help; man -M man automate'

# More workers than processors, because tests spend half of their time waiting.
test: check
	$(BIN)/pytest -n $$(($$(nproc) * 3 / 2)) --dist worksteal

check: lint types imports man

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/shellcheck automate/process/shim.sh automate/cli/completion.bash .ci/run packaging/build-deb packaging/test-deb \
	  packaging/postinst packaging/prerm packaging/postrm

types: $(VENV)/installed
	$(BIN)/mypy

imports: $(VENV)/installed
	$(BIN)/lint-imports

man: tools
	mandoc -T lint -W warning man/man*/*

crash: $(VENV)/installed
	@for scenario in single herd retried timed_out; do \
	  echo "$$scenario, killed at each step:"; scratch=$$(mktemp -d); \
	  $(BIN)/python -m tests.crash.dying "$$scratch" $$scenario killed 1 1 || exit 1; rm -rf "$$scratch"; done
	@for scenario in scheduled chained edited ahead; do \
	  echo "$$scenario, a step of the scheduler killed at every fifth:"; scratch=$$(mktemp -d); \
	  $(BIN)/python -m tests.crash.dying_steps "$$scratch" $$scenario 1 5 || exit 1; rm -rf "$$scratch"; done
	@for scenario in changed made removed renamed; do \
	  echo "a task file $$scenario, killed at each step:"; scratch=$$(mktemp -d); \
	  $(BIN)/python -m tests.crash.dying_edits "$$scratch" $$scenario 1 1 || exit 1; rm -rf "$$scratch"; done

chaos: $(VENV)/installed
	$(BIN)/python -m tests.chaos.chaos --seconds $(SECONDS)

# atheris is needed by this target only. What fails is kept in crash-*, timeout-*.
fuzz: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check atheris
	@for kind in runlog status state task; do \
	  $(BIN)/python -m tests.fuzz.fuzzing $$kind -max_total_time=$(SECONDS) || exit 1; done

deb: $(VENV)/installed
	mkdir -p dist
	PIP=$(BIN)/pip packaging/build-deb dist

deb-test: deb
	@command -v debootstrap >/dev/null && command -v lintian >/dev/null || { $(APT) update -qq && $(APT) install -y -qq debootstrap lintian; }
	lintian --no-cfg --allow-root --fail-on error dist/automate_*-1_*.deb
	PIP=$(BIN)/pip packaging/build-deb dist 2
	packaging/test-deb dist/automate_*-1_*.deb dist/automate_*-2_*.deb

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo '$(PYTHON) is older than 3.11; run make PYTHON=python3.11' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory ensurepip
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Debian has ensurepip in a separate package.
ensurepip:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(APT) update -qq && $(APT) install -y -qq python3-venv; \
	else echo 'This Python cannot create virtual environments. Run: sudo apt-get install python3-venv' >&2; exit 1; fi

tools:
	@PATH="$$PATH:/usr/sbin"; missing=; for tool in $(TOOLS); do \
	  command -v "$${tool%%:*}" >/dev/null || missing="$$missing $${tool##*:}"; done; \
	if [ -z "$$missing" ]; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then $(APT) update -qq && $(APT) install -y -qq $$missing; \
	else echo "The tests need$$missing. Run: sudo apt-get install$$missing" >&2; exit 1; fi
