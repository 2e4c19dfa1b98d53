"""Which registers there are: the declared ones, and later those published in the browser."""

from models.registers import DECLARED


class Registry:
    """An immutable catalogue: {name: Register} in menu order."""

    def __init__(self, registers):
        self._registers = {register.name: register for register in registers}

    def get(self, name):
        """The register of this name; KeyError when there is none."""
        return self._registers[name]

    def all(self):
        return tuple(self._registers.values())

    def __contains__(self, name):
        return name in self._registers


_current = Registry(DECLARED)


def current():
    return _current


def use(registers):
    """Replaces the catalogue by these registers, in one assignment."""
    global _current
    _current = Registry(registers)


def get(name):
    return _current.get(name)


def names():
    return tuple(register.name for register in _current.all())


def all():
    return _current.all()
