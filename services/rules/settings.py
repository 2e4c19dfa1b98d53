"""Parameters: what is set there counts at once."""

from models import parameters
from services.behaviours import effects


@effects("parameters_changed")
def parameters_changed(work, register, ids):
    """Rules and derived fields go by the new values from now on."""
    parameters.forget()
