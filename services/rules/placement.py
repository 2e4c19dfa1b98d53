"""Where pupils study when their school cannot open."""

from services.behaviours import checks
from services.rules.common import live


@checks("host_ready")
def host_ready(checked):
    """The school that takes pupils in can open itself and is another one (S073)."""
    values = checked.values
    if values.get("host_school") == values.get("school"):
        return False
    model, rows = live("term_readiness")
    host = rows.where((model.f_school == values.get("host_school")) & (model.f_term == values.get("term"))).first()
    return host is None or host.f_ability == "ready"
