"""The behaviours that built-in declarations name: what a condition cannot say because it asks other records.

Every check answers whether the rule holds; the id in its docstring is the system of the bureau's that asks for it.
"""

from services.rules import accounts, buildings, care, coverage, hazards, placement, plans, schools, settings, visits

SUBJECTS = (accounts, buildings, care, coverage, hazards, placement, plans, schools, settings, visits)
