"""Seeds: a city's reference data, a believable demo city, and rows for trials of scale."""

from seeds.big import many
from seeds.demo_city import demo
from seeds.reference import new_grants, reference

__all__ = ["demo", "many", "new_grants", "reference"]
