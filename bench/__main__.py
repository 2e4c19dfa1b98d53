"""`python -m bench [pages|serving|writing|exports|imports|registers] …`: one benchmark by name, or all of them."""

import importlib
import sys

NAMES = ("pages", "serving", "writing", "exports", "imports", "registers")


def main():
    named = len(sys.argv) > 1 and not sys.argv[1].startswith("-")
    wanted = (sys.argv.pop(1),) if named else NAMES
    for name in wanted:
        if name not in NAMES:
            raise SystemExit(f"no benchmark {name!r}; there are: {', '.join(NAMES)}")
        importlib.import_module(f"bench.{name}").main()


main()
