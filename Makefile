# make run · make test · make lint · make words · make bench · make docs · make prove

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PO := app/translations/en/LC_MESSAGES/messages.po
MO := $(PO:.po=.mo)

.PHONY: run test prove lint words bench docs system-packages clean

run: $(VENV)/.done $(MO)
	@$(BIN)/python -m app demo --if-empty
	@$(BIN)/python -m app serve

test: $(VENV)/.done $(MO) system-packages
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

# The whole of it: lint, tests, declarations, catalogue.
prove: lint test
	$(BIN)/python -m app check
	$(BIN)/python -m tests.prove
	$(BIN)/python -m tests.prove_forms

lint: $(VENV)/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.done
	$(BIN)/python -m bench

docs: $(VENV)/.done
	$(BIN)/python -m docs.generate

# Collects the sentences of code and templates, and compiles the English ones.
words: $(VENV)/.done
	@mkdir -p build
	$(BIN)/pybabel -q extract -F babel.cfg -k _ -k say -k ConfigError --no-location --sort-output --no-wrap --project Taizhang -o build/messages.pot .
	$(BIN)/pybabel -q update --init-missing -l en --no-fuzzy-matching --no-wrap --ignore-obsolete --ignore-pot-creation-date -i build/messages.pot -d app/translations
	$(BIN)/pybabel -q compile -d app/translations --statistics

$(MO): $(PO) | $(VENV)/.done
	$(BIN)/pybabel -q compile -d app/translations

$(PO): | $(VENV)/.done
	$(MAKE) words

$(VENV)/.done: requirements.txt requirements-dev.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

system-packages:
	@tests/system-packages

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
