"""Checks of FreeSWITCH: its event socket, and questions over it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori.integrations.freeswitch.checkup import examine

if TYPE_CHECKING:
    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.integrations.freeswitch.settings import FreeSwitchTable


async def look_at_freeswitch(
    table: FreeSwitchTable, *, tap: bool, control: bool, superior: str = ""
) -> list[Diagnosis]:
    """Check the needs of the way in (`tap`) and of control."""
    return [
        replace(each, check=each.check.replace("_", " "))
        for each in await examine(table, tap=tap, control=control, superior=superior)
    ]
