"""The tests: python -m pytest, or `make test` for all of them in parallel."""
