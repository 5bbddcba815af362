"""Parties as they may be shown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.model.call import Party
from kikimori_core.model.withheld import reason_of, reason_of_user

if TYPE_CHECKING:
    from kikimori.taps.sides import Endpoint

__all__ = ["customer_party", "operator_party", "reason_of", "reason_of_user"]

_MOST_NUMBER = 64
_MOST_NAME = 128


def customer_party(endpoint: Endpoint) -> Party:
    """Return a customer as pages, messages and logs may show them: nothing of a withheld one."""
    if endpoint.withheld:
        return Party(withheld=endpoint.withheld)
    return operator_party(endpoint)


def operator_party(endpoint: Endpoint) -> Party:
    """Return an operator, who is known to the office anyway."""
    return Party(number=endpoint.number[:_MOST_NUMBER] or None, name=endpoint.display[:_MOST_NAME] or None)
