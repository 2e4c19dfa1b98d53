"""`python -m bench`: a short form of every benchmark. `python -m bench long`: up to a million rows beside the rivals and the limits, most of
an hour. `python -m bench pages|serving|writing|exports|imports|registers …`: one, with its own arguments.
"""

import importlib
import sys

# Each benchmark with the arguments of its short form and of the long one.
SIZES = ("--rows", "10000", "100000", "1000000")
FORMS = {
    "pages": (("--rows", "10000"), SIZES),
    "serving": (("--rows", "10000"), SIZES),
    "writing": (("--rows", "5000"), ("--rows", "20000")),
    "exports": (("--rows", "10000"), (*SIZES, "--rivals")),
    "imports": (("--rows", "5000"), ("--rows", "100000")),
    "registers": (("--most", "20"), ("--most", "100")),
}


def main():
    named = sys.argv[1] if len(sys.argv) > 1 else ""
    if named in FORMS:
        del sys.argv[1]
        importlib.import_module(f"bench.{named}").main()
        return
    if named not in ("", "long"):
        raise SystemExit(f"no benchmark {named!r}; there are: {', '.join(FORMS)}, long")
    for name, (short, long) in FORMS.items():
        sys.argv[1:] = long if named else short
        print(f"## {name} {' '.join(sys.argv[1:])}\n", flush=True)
        importlib.import_module(f"bench.{name}").main()
        print()


main()
