"""`python -m bench`: a short form of every benchmark. `python -m bench pages|serving|writing|exports|imports|registers …`: one, at length."""

import importlib
import sys

# The arguments of the short form.
SHORT = {
    "pages": ("--rows", "10000"),
    "serving": ("--rows", "10000"),
    "writing": ("--rows", "5000"),
    "exports": ("--rows", "10000"),
    "imports": ("--rows", "5000"),
    "registers": ("--most", "20"),
}


def main():
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    if named and named not in SHORT:
        raise SystemExit(f"no benchmark {named!r}; there are: {', '.join(SHORT)}")
    for name in (named,) if named else SHORT:
        if not named:
            print(f"## {name} {' '.join(SHORT[name])}\n", flush=True)
        sys.argv[1:] = sys.argv[2:] if named else SHORT[name]
        importlib.import_module(f"bench.{name}").main()
        print()


main()
