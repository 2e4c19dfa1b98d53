"""The people of the test city: one for each role, two where a unit matters, one without any role."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """An account of the test city: user name, the unit it belongs to, and (role, unit, team) of its memberships."""

    name: str
    unit: str = ""
    roles: tuple = ()


PEOPLE = (
    Person("city_admin", roles=(("city_admin", "", ""),)),
    Person("city_clerk", roles=(("city_clerk", "", ""),)),
    Person("leader", roles=(("leader", "", ""),)),
    Person("leader_a", "a", (("leader", "a", ""),)),
    Person("district_a", "a", (("district_clerk", "a", ""),)),
    Person("district_b", "b", (("district_clerk", "b", ""),)),
    Person("school_a", "a1", (("school_reporter", "a1", ""),)),
    Person("school_b", "b1", (("school_reporter", "b1", ""),)),
    Person("inspector_a", "a", (("inspector", "", "a"),)),
    Person("auditor", roles=(("auditor", "", ""),)),
    Person("nobody", "a"),
)
NAMES = tuple(person.name for person in PEOPLE)
STRANGER = "stranger"
PASSWORD = "青禾-test-9317"
