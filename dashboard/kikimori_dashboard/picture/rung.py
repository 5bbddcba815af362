"""Telephone to which a press leads the customer, as the pages get it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_core.wire.actions import TRANSFERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kikimori_core.wire.messages import CallState
    from kikimori_dashboard.site.presses import Press


def rung_party(
    press: Press, call: CallState | None, superiors: Iterable[Mapping[str, Any]]
) -> dict[str, str | None] | None:
    """Return `number` and `name` of the telephone to which a transfer leads; None for what is no transfer.

    `superiors`: those of the directory, with their names; a call names its own superior.
    """
    if press.action not in TRANSFERS:
        return None
    own = None if call is None else call.superior
    number = press.target or (None if own is None else own.number)
    named = next((each["name"] for each in superiors if each["number"] == number), None)
    if named is None and own is not None and own.number == number:
        named = own.name
    return {"number": number, "name": named}
