"""What a process loads and keeps: as little as it needs, looked through as rarely as may be.

app/__init__.py loads this module before anything else.
"""

import gc
import sys
from importlib import import_module

# New containers before the young ones are looked through, and how many such looks before older ones are.
YOUNG, MIDDLE, OLD = 50_000, 20, 50

# The collector rests until the app is loaded: nothing that is loaded goes away again, and looking through it takes a tenth of a start.
gc.disable()

# What these three load where they find it, a fifth of a start and 16 MiB: PostgreSQL's driver, which models.base loads for who connects
# to PostgreSQL, and pictures, for which services.attachments has its own.
_LOADERS, _SPARED = ("peewee", "playhouse.postgres_ext", "flask_admin.form"), ("psycopg", "PIL")
if not {*_LOADERS, *_SPARED} & sys.modules.keys():
    sys.modules |= dict.fromkeys(_SPARED)
    for name in _LOADERS:
        import_module(name)
    for name in _SPARED:
        del sys.modules[name]


def wake():
    """Called once the app is loaded, which is not looked through even once."""
    gc.freeze()
    gc.enable()


def settle():
    """Called once a process has started: what is there by then stays for good and is never looked through again.

    Rows hold no circles, so that counting references frees them; with Python's own figures the collector goes through the whole
    app hundreds of times during an import, a tenth of its time, and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
