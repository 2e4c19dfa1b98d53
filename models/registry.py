"""Which registers there are: the declared ones and those published in the browser (models.definitions brings them here)."""

from contextvars import ContextVar

from models.registers import DECLARED


class Registry:
    """An immutable catalogue: {name: Register} in menu order, found by other names too.

    `stamp` says which state of the published definitions it shows; a catalogue put together by hand counts as the present one.
    """

    def __init__(self, registers, stamp=None):
        self.stamp = latest().stamp if stamp is None else stamp
        self._registers = {register.name: register for register in registers}
        self._aliases = {alias: register for register in registers for alias in register.aliases}

    def get(self, name):
        """The register of this name; KeyError when there is none."""
        found = self._registers.get(name)
        return self._aliases[name] if found is None else found

    def all(self):
        return tuple(self._registers.values())

    def __contains__(self, name):
        return name in self._registers or name in self._aliases


_current = Registry(DECLARED, stamp="")
# What a request began with: another one publishing meanwhile changes nothing under its hands.
_pinned = ContextVar("registry", default=None)


def current():
    return _pinned.get() or _current


def latest():
    """The newest catalogue this process knows, whatever the work at hand began with."""
    return _current


def use(registers, stamp=""):
    """Replaces the catalogue by these registers, in one assignment."""
    global _current
    _current = Registry(registers, stamp)
    unpin()


def pin():
    """From here on this request, or this piece of work, sees the newest catalogue and keeps seeing it."""
    _pinned.set(_current)


def unpin():
    _pinned.set(None)


def get(name):
    return current().get(name)


def names():
    return tuple(register.name for register in current().all())


def all():
    return current().all()
