"""Customer and operator among the parties of a call, and the decision whether it is listened to.

The PBX knows two parties; who is who is the office's knowledge, written as patterns in `[sides]`. Pure: no sockets.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Pattern = Annotated[str, Field(min_length=1, max_length=128)]


class SidesTable(BaseModel):
    """`[sides]`. Patterns are a shell's: `*` any text, `?` one letter, `[0-9]` one of these."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    customer_endpoints: tuple[Pattern, ...] = ()
    """Names of lines to the outside, e.g. `PJSIP/trunk`, `sofia/gateway/*`, `*@carrier.example`."""
    operator_endpoints: tuple[Pattern, ...] = ()
    """Names of internal telephones, e.g. `PJSIP/2??`."""
    customer_numbers: tuple[Pattern, ...] = ()
    operator_numbers: tuple[Pattern, ...] = ()
    """Extensions, e.g. `2??`."""
    only_operators: tuple[Pattern, ...] = ()
    """Listen only to calls of these extensions; empty = all."""
    never_operators: tuple[Pattern, ...] = ()
    """Never listen to calls of these extensions."""
    only_queues: tuple[Pattern, ...] = ()
    """Listen only to calls that came through these queues; empty = all."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One party as the PBX names it; any part may be empty."""

    name: str = ""
    """Channel, endpoint or address: `PJSIP/trunk`, `sofia/internal/204@10.0.0.5`, `204@10.0.0.5`.

    Asterisk's channels come without their running number of eight digits."""
    number: str = ""
    display: str = ""
    withheld: str = ""
    """Reason for which this party does not want to be named; its number then serves to sort calls and is never shown."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Customer and operator of a call: both endpoints as they were given."""

    customer: Endpoint
    operator: Endpoint


class Unheard(str):
    """Reason for which a call is not listened to, as a stable word for logs."""

    __slots__ = ()


INTERNAL = Unheard("internal_call")
OUTSIDE = Unheard("no_operator")
NOT_SELECTED = Unheard("not_selected")


def sort_out(
    table: SidesTable, caller: Endpoint, callee: Endpoint, queue: str | None = None
) -> Sides | Unheard:
    """Return customer and operator, or the reason for which the call is not heard.

    A pattern decides; one side known, the other is the opposite; with no pattern that fits, who called is the customer.
    """
    kinds = (_kind(table, caller), _kind(table, callee))
    match kinds:
        case ("operator", "operator"):
            return INTERNAL
        case ("customer", "customer"):
            return OUTSIDE
        case ("operator", _) | (_, "customer"):
            sides = Sides(customer=callee, operator=caller)
        case _:
            sides = Sides(customer=caller, operator=callee)
    return sides if selected(table, sides.operator.number, queue) else NOT_SELECTED


def selected(table: SidesTable, operator: str, queue: str | None) -> bool:
    """Return whether calls of this extension and queue are listened to."""
    if _fits(operator, table.never_operators):
        return False
    if table.only_operators and not _fits(operator, table.only_operators):
        return False
    return not table.only_queues or _fits(queue or "", table.only_queues)


def _kind(table: SidesTable, endpoint: Endpoint) -> str | None:
    # The name of a line says more than a number, which a caller may choose.
    if _fits(endpoint.name, table.customer_endpoints):
        return "customer"
    if _fits(endpoint.name, table.operator_endpoints):
        return "operator"
    if _fits(endpoint.number, table.operator_numbers):
        return "operator"
    if _fits(endpoint.number, table.customer_numbers):
        return "customer"
    return None


def _fits(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
