"""Checks of the ways in: who is the customer, then the needs of each that is switched on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis, Subject
from kikimori.doctor.configuration import in_place, same_port_twice
from kikimori.doctor.sides import look_at_sides
from kikimori_core.messages import both

if TYPE_CHECKING:
    from kikimori.config import AgentConfig


def subjects(config: AgentConfig) -> list[Subject]:
    """Return the subjects to be checked for the ways in that are switched on."""
    found = [Subject("who is the customer", partial(_sides, config))]
    found += [Subject(each.title or each.name, each.examine) for each in in_place(config)]
    return found if len(found) > 1 else [*found, Subject("ways in", _none)]


async def _none() -> list[Diagnosis]:
    return [Diagnosis("ways in", CheckState.FAULT, *both("no_way_in"))]


async def _sides(config: AgentConfig) -> list[Diagnosis]:
    needed = any(each.needs_sides for each in in_place(config))
    return [
        *look_at_sides(config.sides, needed=needed),
        *(replace(each, check="ports") for each in same_port_twice(config)),
    ]
