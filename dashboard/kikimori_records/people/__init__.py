"""Directory of people: rows and queries."""

from kikimori_records.people.person import NewPerson, Person, can_administer
from kikimori_records.people.queries import (
    DuplicateLoginError,
    UnknownPersonError,
    add,
    change,
    list_people,
    person_by_id,
    person_by_login,
)

__all__ = [
    "DuplicateLoginError", "NewPerson", "Person", "UnknownPersonError", "add", "can_administer", "change", "list_people",
    "person_by_id", "person_by_login",
]  # fmt: skip
