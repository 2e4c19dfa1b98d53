"""Work that must be refused, and why it was."""

import pytest


def refused(error, work, /, *args, **kwargs):
    """Runs the work, which must raise this error; gives the error."""
    with pytest.raises(error) as caught:
        work(*args, **kwargs)
    return caught.value


def codes(error):
    """{(field, code)} of what is wrong with values."""
    return {(fault.field, fault.code) for fault in error.faults}
