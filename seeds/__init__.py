"""Seeds: a city's reference data, a believable demo city, and rows for trials of scale."""

from seeds.big import many
from seeds.demo_city import demo
from seeds.reference import reference

__all__ = ["demo", "many", "reference"]
