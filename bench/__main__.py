"""`python -m bench`: all benchmarks."""

from bench import list, writing

list.main()
writing.main()
