# Every recipe is one line; the work is in deploy/ and tools/. Containers instead of native: DOCKER=1.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON := .venv/bin/python
NOREN := $(PYTHON) -m deploy

##@ Run
setup: ## Install everything that is missing (uv, RabbitMQ, Caddy, Node.js), make keys
	@deploy/bootstrap.sh && $(NOREN) setup

demo: setup ## Start everything, take orders by every payment method, show where to look
	@$(NOREN) up && $(NOREN) run proof.demo && echo 'Still running for a look around; make down stops and cleans.' && $(NOREN) places

up: setup ## Start everything and leave it running
	@$(NOREN) up

infra: setup ## Start only broker, databases and mail catcher
	@$(NOREN) up --infrastructure

stop: ## Stop everything, keep the data
	@$(NOREN) stop

down: ## Stop everything, delete the data
	@if [ -x $(PYTHON) ]; then $(NOREN) down; fi

replay: ## Move dead letters back to their queue: make replay q=payments.start_payment n=10 (REPLAYED_BY=name)
	@$(NOREN) run tools.replay $(or $(q),$(error which queue? make replay q=payments.start_payment)) $(n)

restart: ## Restart one process with the present code: make restart s=checkout
	@$(NOREN) restart $(s)

##@ Develop
dev: setup ## One service in this terminal, anew after each change of its code: make dev s=checkout
	@$(NOREN) dev $(s)

t: ## Some tests, quick: make t T=tests/checkout/test_price.py K=coupon PDB=1
	@$(PYTHON) -m pytest -q $(if $(K),-k '$(K)') $(if $(PDB),--pdb) $(or $(T),$(error which tests? make t T=tests/checkout/test_price.py))

migration: ## Write a migration from the tables as they are now: make migration s=checkout m="expand orders add gift note"
	@$(PYTHON) -m tools.new_migration $(s) $(if $(m),"$(m)")

##@ Look and operate
status: ## What runs, and whether it is ready
	@$(NOREN) status

logs: ## Follow the logs: make logs, make logs s=checkout
	@$(NOREN) logs $(s)

clock: ## Move the shop's clock: make clock +6d (adds up), make clock 0 (real time)
	@$(NOREN) clock $(filter-out clock,$(MAKECMDGOALS))

topology: ## Create broker users, declare exchanges and queues
	@$(NOREN) topology

migrate: ## Bring the databases to the newest schema
	@$(NOREN) migrate

##@ Test
test: ## Everything: unit, handlers, journeys on real RabbitMQ and PostgreSQL, pages in Chromium
	@deploy/bootstrap.sh && $(NOREN) setup --tests && tools/test.sh

test-fast: ## All that needs no database, broker, browser or container
	@deploy/bootstrap.sh && $(PYTHON) -m pytest -q -n 2 -m 'not database and not processes and not broker and not browser and not containers'

properties: ## Long property tests: 2,000 stories of 60 steps of every state table, 400 on PostgreSQL
	@PROPERTIES=long $(PYTHON) -m pytest -q --timeout=3600 tests/properties tests/members/test_ledger_adds_up.py

coverage: ## Every branch of the core: money, points, relay, inbox; fails below 100 %
	@$(PYTHON) -m tools.core

mutants: ## Change the core and see whether tests notice: make mutants MODULE=payments.payment.rules SAMPLE=16 SECONDS=300
	@nice -n 19 $(PYTHON) -m tools.mutants $(MODULE) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SECONDS),--seconds $(SECONDS))

chaos: setup ## Two of everything under load, faults by a seed: make chaos SECONDS=600 FAULTS=F6,F18 SEED=7 RATE=5 CLUSTER=1
	@$(PYTHON) -m proof.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED)) $(if $(RATE),--rate $(RATE)) $(if $(PAIRS),--pairs $(PAIRS)) $(if $(CLUSTER),--cluster)

fuzz: ## Garbage into every route, page and queue of what make up runs: make fuzz EXAMPLES=500 SERVICES=checkout PARTS=pages
	@nice -n 19 $(NOREN) run proof.fuzz $(if $(EXAMPLES),--examples $(EXAMPLES)) $(if $(SEED),--seed $(SEED)) $(if $(SERVICES),--services $(SERVICES)) $(if $(PARTS),--parts $(PARTS))

races: setup ## Many do the same at the same moment, over HTTP: make races TIMES=50
	@RACE_TIMES=$(or $(TIMES),10) $(PYTHON) -m pytest -q tests/journeys/test_races.py

bench: setup ## The full order under load as JSON and a plot: make bench YARDSTICK=folder ROWS=1000,100000 REPLICAS=1,2,4
	@$(PYTHON) -m bench $(if $(YARDSTICK),--yardstick $(YARDSTICK)) $(if $(ROWS),--rows $(ROWS)) $(if $(REPLICAS),--replicas $(REPLICAS)) $(if $(ORDERS),--orders $(ORDERS))

bench-smoke: setup ## Prove in a minute that the benchmark runs
	@$(PYTHON) -m bench --smoke

sim: ## Simulated world, thousands of seeds: make sim SEEDS=1000, make sim SEED=123 TRACE=1, make sim MUTANTS=1
	@PYTHONHASHSEED=0 $(PYTHON) -m proof.simulation $(if $(SEED),--seed $(SEED)) $(if $(TRACE),--trace) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FIRST),--first $(FIRST)) $(if $(MUTANTS),--mutants)

features: ## Every feature ID of the specification: whole, in part (and what is missing), failing or none
	@$(PYTHON) -m tools.features

##@ Write
check: ## Lint, format, types, import rules, generated documents
	@deploy/bootstrap.sh && tools/check.sh

format: ## Format the code and sort the imports
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix-only --quiet .

map: ## Generate docs/journey.md, event schemas, AsyncAPI and OpenAPI documents
	@$(PYTHON) -m tools.documents

release: ## Part of a release: keep the event schemas, to which later ones may only add
	@$(PYTHON) -m tools.released

##@ Help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# `make clock +6d` names two goals; the second is only an argument.
ifeq ($(firstword $(MAKECMDGOALS)),clock)
$(filter-out clock,$(MAKECMDGOALS)):
	@:
endif

.PHONY: setup demo up dev t migration infra stop down restart status logs clock topology migrate test test-fast properties coverage mutants chaos replay bench bench-smoke fuzz races features check format map release help sim
