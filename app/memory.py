"""Python's garbage collector, set for processes that live long and handle many rows."""

import gc

# New containers before the young ones are looked through, and how many such looks before older ones are.
YOUNG, MIDDLE, OLD = 50_000, 20, 50


def settle():
    """Called once a process has started: what is there by then stays for good and is never looked through again.

    Rows hold no circles, so that counting references frees them; with Python's own figures the collector goes through the whole
    app hundreds of times during an import, a tenth of its time, and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
