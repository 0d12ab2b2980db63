# BossQL. `make` alone lists the targets.
.DEFAULT_GOAL := help
.NOTPARALLEL:

SWIFT ?= swift
# For `make torture`: make torture SECONDS=600 SEED=17
torture: SECONDS ?= 60
SEED ?= 1
# For `make kills`: make kills KILLS=1000 SEED=17
KILLS ?= 100
# Arguments for `make bench`, and a database for `make run`: make run BOSSQL_TOUR=/tmp/mri.bossdb
ARGUMENTS ?=

# On Linux the Swift libraries go into the program: it starts 5 ms sooner and runs where no Swift is installed
# (docs/decisions/0003-start-up.md).
RELEASE := -c release
ifeq ($(shell uname -s),Linux)
RELEASE += --static-swift-stdlib -Xswiftc -use-ld=lld
endif

# Seconds for each fuzz target, 0 to replay the corpora only, and some targets: make fuzz SECONDS=60 TARGET="page log"
fuzz: SECONDS ?= 10
TARGET ?=

# The tests are optimised: the simulations do in seconds what takes a plain build many minutes. Overflow and bounds are
# checked all the same.
OPTIMISED := -Xswiftc -O
TESTED := $(OPTIMISED) --scratch-path .build-test

# A sanitizer has its own crash reporter; Swift's gets in its way.
SANITIZED := SWIFT_BACKTRACE=enable=no $(SWIFT) test $(OPTIMISED)

FORMATTED := Sources Tests Fuzzing Benchmarks Package.swift Package@swift-6.2.swift

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: ## install the Debian or Ubuntu packages that are missing (asks for sudo only then)
	@Scripts/install-packages.sh

.PHONY: build
build: toolchain ## build the library and the program bossql, optimised
	@echo "Building for release; the first time takes some minutes."
	@$(SWIFT) build $(RELEASE)

.PHONY: run
run: toolchain install build ## install, build, then the tour: a head MRI, asked a dozen questions
	@Scripts/tour.sh

.PHONY: test
test: toolchain install ## install, build and run all tests
	@echo "Building the tests; the first time takes some minutes."
	@$(SWIFT) build --build-tests $(TESTED)
	@$(SWIFT) test --skip-build $(TESTED)

.PHONY: lint
lint: toolchain ## check the format of the code and the rules of the house
	@echo "swift format lint"
	@$(SWIFT) format lint --strict --recursive --configuration .swift-format $(FORMATTED)
	@Scripts/lint.sh

.PHONY: format
format: toolchain ## format the code in place
	@$(SWIFT) format format --in-place --recursive --configuration .swift-format $(FORMATTED)

.PHONY: bench
bench: toolchain ## run the benchmarks (ARGUMENTS="..." for a replay)
	@cd Benchmarks && $(SWIFT) run -c release bossql-bench $(ARGUMENTS)

.PHONY: labels
labels: toolchain ## measure label codec, label index and questions about objects (ARGUMENTS="--source seg.npy")
	@$(SWIFT) run $(RELEASE) bossql-labels $(ARGUMENTS)

.PHONY: torture
torture: toolchain ## random work with crashes and failures on a simulated disk, SECONDS=60 SEED=1
	@$(SWIFT) build $(RELEASE) --product bossql-torture
	@"$$($(SWIFT) build $(RELEASE) --show-bin-path)/bossql-torture" --seconds $(SECONDS) --seed $(SEED)

.PHONY: kills
kills: toolchain ## kill the real program at work with SIGKILL and compare, KILLS=100 SEED=1
	@$(SWIFT) build $(RELEASE) --product bossql
	@$(SWIFT) build $(RELEASE) --product bossql-kills
	@"$$($(SWIFT) build $(RELEASE) --show-bin-path)/bossql-kills" --kills $(KILLS) --seed $(SEED)

.PHONY: tsan
tsan: toolchain ## run the tests under the thread sanitizer, in .build-tsan
	@$(SANITIZED) --sanitize=thread --scratch-path .build-tsan $(ARGUMENTS)

.PHONY: asan
asan: toolchain ## run the tests under the address sanitizer, in .build-asan
	@$(SANITIZED) --sanitize=address --scratch-path .build-asan $(ARGUMENTS)

.PHONY: fuzz
fuzz: toolchain ## run the fuzz targets, in .build-fuzz (SECONDS=10 each, TARGET="page log" for some)
	@SWIFT="$(SWIFT)" FUZZ_SECONDS="$(SECONDS)" TARGET="$(TARGET)" Scripts/fuzz.sh

.PHONY: defects
defects: toolchain ## plant one defect after the other, in .build-defects; the tests must catch each
	@SWIFT="$(SWIFT)" Scripts/defects.sh $(ARGUMENTS)

.PHONY: clean
clean: ## remove what was built; the tour's database stays
	@rm -rf .build .build-test .build-tsan .build-asan .build-fuzz .build-defects Benchmarks/.build Benchmarks/*/.build
	@echo "Removed the build folders."

.PHONY: toolchain
toolchain:
	@SWIFT="$(SWIFT)" Scripts/check-swift.sh
