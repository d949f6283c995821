# make demo and make test work on a fresh clone with git, make and any Python 3.
# STACK=current or STACK=legacy chooses a stack by hand; else the first that this host can run: docs/stack.md.
PYTHON3 ?= python3
BIN := .venv/bin
READY := .venv/.ready
export STACK
PYTEST := $(BIN)/python -m pytest
# Most of a training test is tracing, which keeps one core busy. A file's tests stay together: they share what is trained.
TOGETHER := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test test-fast test-current test-flink test-prism test-kfp test-kubernetes lint format bench lock clean

$(READY): requirements.lock requirements-legacy.lock setup.py tools/bootstrap.py
	$(PYTHON3) tools/bootstrap.py

# An environment of the other stack is made anew.
ifneq ($(STACK),)
ifneq ($(STACK),$(shell cat $(READY) 2> /dev/null))
.PHONY: $(READY)
endif
endif

demo: $(READY)
	$(BIN)/python tools/demo.py

test: $(READY)
	$(PYTEST) $(TESTS) $(TOGETHER)

test-fast: $(READY)
	$(PYTEST) tests -m "not slow" $(TOGETHER)

# All tests on the current stack, in a Debian 13 root, where this host cannot run it. TESTS names some, or options.
TESTS ?= tests
test-current:
	$(PYTHON3) tools/debian13.py make test STACK=current TESTS="$(TESTS)"

# The same records and numbers on other engines: a local Flink, where Java and Maven are, and Beam's Prism, where Go is.
# Any other running Beam job server: BEAM_JOB_ENDPOINT=HOST:PORT make test.
ON_ENGINES := $(PYTEST) tests/components/voc_example_gen/test_runners.py \
  tests/components/evaluator/test_executor.py -k running
test-flink: $(READY)
	$(BIN)/python tools/flink.py $(ON_ENGINES)

test-prism: $(READY)
	$(BIN)/python tools/prism.py $(ON_ENGINES)

# KFP's own driver and launcher-v2, from a folder: make test-kfp KFP_BIN=DIR. kubeflow/README.md says where they come from.
test-kfp: $(READY)
	KFP_BIN=$(KFP_BIN) $(PYTEST) tests/kubeflow/kfp

# Kubernetes' own API server and scheduler, where Go is: they are built once, which takes long, and kept in the cache.
test-kubernetes: $(READY)
	$(BIN)/python tools/kubernetes.py $(PYTEST) tests/kubeflow/scheduling

# Side-by-side tables against peers; long. Evaluation and prediction are measured on what the demo made. With
# PHOTOGRAPHS=DIR, labelled ones, also what published weights are worth.
bench: demo
	$(BIN)/python -m benchmarks.train
	test -d demo/smears || $(BIN)/python -m benchmarks.blood_smears demo/smears
	$(BIN)/python -m benchmarks.time_to_accuracy demo/smears
	$(BIN)/python -m benchmarks.ingest demo/bench-data
	$(BIN)/python -m benchmarks.eval_metrics
	$(BIN)/python -m benchmarks.eval_throughput demo/demo
	$(BIN)/python -m benchmarks.eval_memory
	$(BIN)/python -m benchmarks.predict_throughput demo/demo/serving demo/data/JPEGImages
	$(BIN)/python -m benchmarks.decoding demo/data/JPEGImages
	$(BIN)/python -m benchmarks.serving $$(ls -d demo/demo/pipeline/ODAPITrainer/model/*) --images demo/data/JPEGImages
	$(BIN)/python -m benchmarks.serving_load demo/demo/serving
	$(BIN)/python -m benchmarks.transfer
	$(BIN)/python -m benchmarks.memory_estimate
	$(BIN)/python -m benchmarks.tuner
	$(BIN)/python -m benchmarks.suspects
	$(BIN)/python -m benchmarks.few_shot
	$(BIN)/python -m benchmarks.adaptation
	$(BIN)/python -m benchmarks.frozen_features
	$(BIN)/python -m benchmarks.backbone_features
	test -z "$(PHOTOGRAPHS)" || $(BIN)/python -m benchmarks.pretrained "$(PHOTOGRAPHS)"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

RESOLVE := .tools/bin/uv pip compile setup.py --extra dev --generate-hashes --no-header
lock: $(READY)
	$(RESOLVE) --python-version 3.12 --python-platform x86_64-manylinux_2_40 --override overrides.txt \
	  --output-file requirements.lock
	$(RESOLVE) --python-version 3.10 --python-platform x86_64-manylinux_2_28 --override overrides-legacy.txt \
	  --output-file requirements-legacy.lock
	kubeflow/images/lock_gpu.sh

clean:
	rm -rf .venv .tools build dist *.egg-info runs
