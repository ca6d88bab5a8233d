# One word each. `make app` and `make test` set everything up by themselves, on a machine with Python 3.11 to 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?=
KILLS ?= 200
INPUTS ?= 100000
SEED ?= 0
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: install app check test format fonts languages pretrained demo train train-reader-small train-reader train-reader-ppocr train-reader-large train-reader-open train-reader-open-large train-backbone bench load faults fuzz audit lock image-check clean

$(VENV)/.app: requirements.txt
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/.app pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[test]"
	@touch $@

$(VENV)/.fonts: $(VENV)/.app pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[fonts]"
	@touch $@

$(VENV)/.languages: $(VENV)/.app pyproject.toml
	$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[language]"
	@touch $@

install: $(VENV)/.app $(VENV)/.test

app: $(VENV)/.app  ## serve the studio at http://localhost:8501
	$(BIN)/streamlit run streamlit_app.py

check: $(VENV)/.test  ## under a minute: style, types, quick tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile tests/unit -m "not slow"

# Coverage costs a quarter of the time: it is taken where CI is set.
test: RUN := $(BIN)/$(if $(CI),coverage run,python) -m pytest
test: $(VENV)/.test  ## everything, with the browser where Chromium is installed
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/coverage erase
	$(RUN) -n 2 --dist loadfile --doctest-modules hwr_core tests --ignore=tests/browser
	$(RUN) tests/browser
	$(if $(CI),$(BIN)/coverage combine -q)
	$(if $(CI),$(BIN)/coverage report --skip-covered --fail-under=90)

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

fonts: $(VENV)/.fonts  ## handwriting fonts for synthesis, from their npm packages into fonts/
	$(BIN)/python scripts/fetch_fonts.py

languages: $(VENV)/.languages  ## words and letters of models/language, from wordfreq and npm's dictionary-en
	$(BIN)/python scripts/make_language.py en fr de es it

pretrained: $(VENV)/.app  ## what ppocr_ctc begins with, from RapidOCR's wheel into models/backbones
	$(BIN)/python scripts/make_pretrained.py

demo: fonts  ## the built-in data set, made anew
	$(BIN)/python scripts/make_demo.py

train: train-reader-small

train-reader-small train-reader train-reader-ppocr train-reader-large train-reader-open train-reader-open-large: train-%: fonts  ## a shipped reader by its recipe: make train-reader DATA=folder-of-zips (goes on where it stopped)
	$(BIN)/python scripts/make_reader.py $* --data "$(DATA)"

train-backbone: $(VENV)/.app  ## the ResNet50 of handwriting that `dual` may begin with: make train-backbone DATA=folder-of-zips
	$(BIN)/python scripts/make_backbone.py --data "$(DATA)"

bench: $(VENV)/.app  ## figures of this machine into benchmarks/results.md
	$(BIN)/python benchmarks/run.py --data "$(DATA)"

load: $(VENV)/.app  ## 50 visitors typing at once against the real server, and its memory when they have left
	$(BIN)/python benchmarks/load.py --leave

lock:  ## requirements.lock and requirements-reading.lock, with hashes, from the pins
	$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install -q --disable-pip-version-check uv==0.13.9
	for name in requirements requirements-reading; do \
		$(VENV)-lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
			--custom-compile-command "make lock" -o $$name.lock $$name.txt || exit 1; \
	done
	rm -rf $(VENV)-lock

image-check:  ## the steps of the image `reading` in a temporary folder, and the Dockerfile by hadolint where that is
	if command -v hadolint >/dev/null; then hadolint Dockerfile; fi
	scripts/check_image.sh

faults: $(VENV)/.test  ## kills, faulty disks, damaged files: nothing acknowledged is lost, no page is down (docs/robustness.md)
	$(BIN)/python tests/faults/faults.py --kills $(KILLS) --seed $(SEED)
	HWR_FAULTS=all $(BIN)/python -m pytest -n 2 tests/app/test_damaged_state.py

fuzz: $(VENV)/.test  ## mutated files and odd values: a sentence each, in time and memory (docs/robustness.md)
	$(BIN)/python tests/fuzz/fuzz.py --inputs $(INPUTS) --seed $(SEED)

audit: $(VENV)/.app pyproject.toml  ## known vulnerabilities of the pinned packages, where the network allows it
	-$(BIN)/python -m pip install -q --disable-pip-version-check -e ".[audit]"
	$(BIN)/python scripts/audit.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .coverage*
