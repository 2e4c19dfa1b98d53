"""`python -m bench`: all benchmarks."""

from bench.list import main

main()
