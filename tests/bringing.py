"""An import from beginning to end, as the command line does it, and what it said."""

from services import imports


class Brought:
    """What became of a file: its counts by name, its line, its messages, whether anything was written."""

    def __init__(self, item, messages):
        self.item, self.messages, self.counts = item, messages, item.counts
        self.line, self.ok = imports.line(item.counts), item.ok
        self.change_set, self.written = item.change_set, item.change_set is not None

    def __getattr__(self, name):
        return self.counts[name]


def bring(register, path, actor, *, dry_run=False, policy="all", **options):
    """Plans a file without questions and applies it where it may be. Raises what the command line would say."""
    item = imports.start(actor, register, [(str(path), path)], policy=policy, asks=False, now=True, **options)
    if not dry_run and not (item.refused and policy == "all"):
        item = imports.apply(actor, item.id, now=True)
    return Brought(item, list(imports.messages(actor, item.id)))
