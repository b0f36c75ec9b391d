.PHONY: build setup
build:
	swift build

# Packages and libssh2 1.11; quick and silent when nothing is missing.
setup:
	@scripts/setup
