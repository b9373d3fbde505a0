# Everything a machine needs beyond Python 3.11, git and make is installed into .venv by the first target that needs it.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# `make run` installs only what running needs; every other target also what tests and checks need.
RUNS   := $(VENV)/.runs
STAMP  := $(VENV)/.installed
# What a few targets use beyond it, from the group `tools`.
TOOLS  := $(VENV)/.tools
# How long `make fuzz` looks for inputs that break what reads others' files.
FUZZ_SECONDS ?= 60
# How many mutants of each group `make mutants` tries (0: all), drawn with which seed.
MUTANTS ?= 100
SEED ?= 1

.PHONY: run test lint format compilers browser corpus corpus-test edits-test compile-new bench fuzz mutants audit known golden new-rule site reference pictures dist release lock clean bench-tools

run: $(RUNS)
	@$(BIN)/caplint demo

test: $(STAMP)
	@$(BIN)/pytest -n auto -m "not corpus"

lint: $(STAMP)
	@$(BIN)/mypy
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-cache --no-logo

# Writes rules/$(CODE)-$(NAME).md, which passes its own tests, and says which steps follow.
new-rule: $(STAMP)
	@$(BIN)/python -m tools.new_rule "$(CODE)" "$(NAME)"

format: $(STAMP)
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

corpus: $(STAMP)
	@$(BIN)/python -m tools.corpus

# One front end for every architecture, without which the tests that ask a compiler are skipped, and say so.
compilers:
	@command -v clang >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends clang >/dev/null; } \
		|| echo "clang is not here and cannot be installed without root; tests that ask it for layouts will be skipped"

# In which the tests open pages, and what looks there for barriers; without them tests are skipped, and say so.
browser:
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
		|| echo "chromium is not here and cannot be installed without root; tests that open the inventory's page will be skipped"
	@command -v npm >/dev/null && mkdir -p $(VENV)/axe && cp tests/axe/package.json tests/axe/package-lock.json $(VENV)/axe \
		&& npm ci --prefix $(VENV)/axe --ignore-scripts --no-audit --no-fund --silent \
		|| echo "axe-core cannot be installed without npm; tests that look for barriers in pages will be skipped"

corpus-test: $(STAMP)
	@$(BIN)/pytest -n auto -m "corpus and not edits"

# Hundreds of edits of the real sources, each with the findings that it must bring and take: a quarter of an hour.
edits-test: $(STAMP)
	@$(BIN)/pytest -n auto -m edits

# Compiles what `caplint new` writes, in Debian's sources of Linux and QEMU: objects for x86, and for arm64 and s390 where their
# compilers are. It fetches and unpacks the whole sources (2 GB below .corpus/compile), and is no part of CI.
compile-new: $(STAMP)
	@{ command -v flex && command -v bison && command -v ninja && command -v bc; } >/dev/null || { apt-get update -qq && apt-get install -y -qq \
		--no-install-recommends flex bison bc libelf-dev libssl-dev ninja-build libglib2.0-dev libfdt-dev bzip2 >/dev/null; } \
		|| echo "what Linux and QEMU need to be built is not here and cannot be installed without root"
	@command -v aarch64-linux-gnu-gcc >/dev/null || { dpkg --add-architecture arm64 && apt-get update -qq && apt-get install -y -qq \
		--no-install-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libglib2.0-dev:arm64 zlib1g-dev:arm64 >/dev/null; } \
		|| echo "compilers for arm64 and s390 cannot be installed; only x86 is compiled"
	@$(BIN)/python -m tools.compile_new

bench: $(TOOLS)
	@$(BIN)/python -m tools.bench

# What `make bench` compares with. Without them it says what is missing.
bench-tools:
	@command -v cscope >/dev/null && command -v ctags >/dev/null && command -v spatch >/dev/null && command -v cppcheck >/dev/null \
		|| { apt-get update -qq && apt-get install -y -qq --no-install-recommends cscope universal-ctags coccinelle cppcheck >/dev/null; } \
		|| echo "not all of cscope, ctags, spatch and cppcheck are here, and without root they cannot be installed"

fuzz: $(STAMP)
	@$(BIN)/python tests/fuzz/fuzz.py $(FUZZ_SECONDS)

# Small faults in the links and the rule engine, of which the tests must notice each; for 100 of a group some 10 minutes,
# and as long again for what the tests run, when they or what they test have changed.
mutants: $(TOOLS)
	@$(BIN)/python -m tools.mutants -n $(MUTANTS) --seed $(SEED)

# Whether an advisory is known on a locked dependency; where none can be had it says so, and fails nothing.
audit: $(TOOLS)
	@$(BIN)/python -m tools.audit

# Renews the file of findings that are known upstream, from the corpus; names the entries that match nothing any more.
known: $(STAMP)
	@$(BIN)/python -m tools.known --write

# Rewrites the golden files; read the difference before committing it.
golden: $(STAMP)
	@CAPLINT_GOLDEN=write $(BIN)/pytest -m "not corpus" -k golden
	@git --no-pager diff --stat -- tests/golden

# The documentation, to be read in a browser: .site/html/index.html.
site: $(STAMP)
	@$(BIN)/python -m tools.site

# The reference, the manual pages and the schema of caplint.toml, written from the parsers.
reference: $(STAMP)
	@$(BIN)/python -m tools.reference

# The pictures of README.md, made of a run over the corpus.
pictures: $(STAMP)
	@$(BIN)/python -m tools.pictures

# dist/: the sdist, and the wheel that is built from it alone; the demonstration runs from it with an empty home.
dist: $(RUNS)
	@$(BIN)/python -m tools.dist

# Makes the tag of the version; pushing it releases (.github/workflows/release.yml).
release: $(STAMP)
	@$(BIN)/python -m tools.release tag

# Resolves the newest versions that pyproject.toml allows; the lock of `make run` is a part of the whole one.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: $(STAMP)
	@$(COMPILE) --group dev pyproject.toml -o requirements.lock
	@$(COMPILE) --group build --constraint requirements.lock pyproject.toml -o requirements-run.lock
	@$(COMPILE) --group tools --constraint requirements.lock pyproject.toml -o requirements-tools.lock

$(RUNS): requirements-run.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "caplint needs Python 3.11 or newer; set PYTHON=python3.11")'
	@echo "setting up $(VENV), outside of which nothing is changed" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python tools/install.py requirements-run.lock "to run"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(RUNS)

$(STAMP): requirements.lock $(RUNS)
	@$(BIN)/python tools/install.py requirements.lock "to test"
	@touch $(STAMP)

$(TOOLS): requirements-tools.lock $(STAMP)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-tools.lock
	@touch $(TOOLS)

clean:
	rm -rf $(VENV) .bench .fuzz .site dist
