# Everything that one does here, on a machine with only Python 3.11+ (with venv) and make. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run setup test lint format bench soak screenshots lock clean

BIN := .venv/bin
CODE := safety_service bots scheduler config tests benchmarks
# Workers for pytest: one more than there are cores, four at most. WORKERS=0 runs everything in one process (for a debugger).
WORKERS ?= logical
# How long `make soak` goes on.
SECONDS ?= 600
# More for the command in question: make test ARGS="-k outbox", make lock ARGS=--upgrade
ARGS ?=

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | column -t -s '|' 2>/dev/null || grep '##' Makefile

run: ## Serve Doorstep with a demonstration team on http://127.0.0.1:8080
	@scripts/setup run
	@exec $(BIN)/doorstep serve --demo $(ARGS)

setup: ## Make .venv with everything for development
	@scripts/setup dev

test: lint ## Check the code, then run the whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --maxprocesses=4 $(ARGS)

lint: setup ## Check style, types and the floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(CODE)
	$(BIN)/lint-imports

format: setup ## Put the code in its usual shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## How fast, and how late at worst
	$(BIN)/python -m benchmarks $(ARGS)

soak: setup ## Simulated days with everything that goes wrong, one after the other (SECONDS=600)
	$(BIN)/doorstep simulate --for $(SECONDS) $(ARGS)

screenshots: setup ## Pictures of the pages and the chat, for the documentation
	$(BIN)/python -m scripts.screenshots $(ARGS)

lock: ## Make the lock files again from pyproject.toml
	@scripts/lock $(ARGS)

clean: ## Take away what can be made again (not var/, which holds data)
	rm -rf .venv .cache build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
