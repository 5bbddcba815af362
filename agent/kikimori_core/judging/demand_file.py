"""Files of known demands (`[[demand]]`), as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.errors import ConfigError
from kikimori_core.judging.words.choice import expanded
from kikimori_core.judging.words.demands import DemandReader
from kikimori_core.judging.words.signs import DemandSigns
from kikimori_core.judging.words.wanted import DemandGroup, DemandIndex
from kikimori_core.wire.toml_file import load, read_toml
from kikimori_core.wire.topics import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_Phrase = Annotated[str, Field(min_length=1, max_length=400)]


class _Demand(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    phrases: tuple[_Phrase, ...] = ()
    nouns: tuple[_Phrase, ...] = ()
    stop: tuple[_Phrase, ...] = ()
    title: dict[str, Annotated[str, Field(min_length=1, max_length=60)]] = {}
    """Display name by language code."""
    vague: bool = False
    """True = it goes with any other demand: haste."""
    apart: bool = False
    """True = after another demand that was refused it is never that one in other words: the operator's name."""


class _DemandFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    demand: Annotated[tuple[_Demand, ...], Field(min_length=1)]
    generic: tuple[_Phrase, ...] = ()
    insists: tuple[_Phrase, ...] = ()
    goes_on: tuple[_Phrase, ...] = ()
    again: tuple[_Phrase, ...] = ()
    anew: tuple[_Phrase, ...] = ()
    informs: tuple[_Phrase, ...] = ()
    near: tuple[tuple[_Phrase, ...], ...] = ()
    """Names of demands of which, after a refusal, one may ask for what the other did."""


def holds_demands(path: Path) -> bool:
    """Say whether a file is one of demands, not of a category of phrases."""
    return "demand" in read_toml(path)


def load_demands(paths: Iterable[Path]) -> DemandReader:
    """Read files of demands; the same name in several files is one demand.

    Raises:
        ConfigError: names file, key and reason.
    """
    wanted = DemandIndex()
    generic: list[str] = []
    informs: list[str] = []
    near: list[frozenset[str]] = []
    signs: dict[str, list[str]] = {"insists": [], "goes_on": [], "again": [], "anew": []}
    titles: dict[str, dict[str, str]] = {}
    vague: set[str] = set()
    apart: set[str] = set()
    for path in paths:
        file = load(path, _DemandFile)
        generic += file.generic
        informs += file.informs
        near += map(frozenset, file.near)
        for name in signs:
            signs[name] += _written_out(getattr(file, name))
        for number, each in enumerate(file.demand, start=1):
            titles.setdefault(each.name, {}).update(each.title)
            if each.vague:
                vague.add(each.name)
            if each.apart:
                apart.add(each.name)
            group = DemandGroup(
                each.name, _written_out(each.phrases), _written_out(each.nouns), _written_out(each.stop)
            )
            try:
                wanted.add(group)
            except ValueError as error:
                raise ConfigError.of("demand_unusable", path=path, number=number, error=error) from error
    return DemandReader(wanted, generic, DemandSigns(*signs.values()), titles, vague, apart, informs, near)


def _written_out(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(each for phrase in phrases for each in expanded(phrase))
