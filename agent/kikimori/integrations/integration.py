"""Interface of every integration: all that configuration, start-up, `config check`, `doctor` and `tap` ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from kikimori.checks.diagnosis import Diagnosis
    from kikimori.control.settings import PbxTable
    from kikimori.control.targets import TargetPolicy
    from kikimori.taps.announced.directory import LegDirectory
    from kikimori.taps.sides import SidesTable
    from kikimori.taps.tap import Address, Tap
    from kikimori_core.model.feed import CallDesk

Settings = TypeVar("Settings", bound=BaseModel)


class Configuration(Protocol):
    """Parts of the configuration that an integration may read besides its own table."""

    @property
    def agent_id(self) -> str: ...

    @property
    def language(self) -> Literal["ja", "en"]: ...

    @property
    def sides(self) -> SidesTable: ...

    @property
    def pbx(self) -> PbxTable: ...

    def state_path(self) -> Path: ...

    def targets(self) -> TargetPolicy: ...

    def integration(self, name: str) -> Integration[BaseModel]:
        """Return another integration; raises KeyError."""

    def integrations(self) -> tuple[Integration[BaseModel], ...]:
        """Return every integration, this one too."""


@dataclass(frozen=True, slots=True)
class PortSetting:
    """A TCP port at which an integration will listen."""

    key: str
    """Key as people write it: `[audiosocket] port`."""
    host: str
    port: int
    """0 = any free one."""


@dataclass(frozen=True, slots=True)
class TapParts:
    """Parts that every tap is made from."""

    desk: CallDesk
    directory: LegDirectory
    """Legs that a PBX announces before their audio comes."""
    address_of: Callable[[str], Address]
    """Returns the address at which the tap of this name listens. Only of one that stands earlier in the registry, and
    once it listens."""


class Integration(Generic[Settings]):
    """One integration with its table as configured. A subclass for each, in its folder; a line for each in `registry`.

    A method imports the code behind it when it is called: reading a configuration alone loads no protocol.
    """

    title: ClassVar[str] = ""
    """Label while `kikimori doctor` looks at it; empty = its name."""
    switch: ClassVar[str] = "enabled"
    """Key of its table that switches the way in on; empty = it is no way in."""
    place: ClassVar[int] = 100
    """Place among the checks; equal ones stand in the order of the registry."""
    needs_sides: ClassVar[bool] = False
    """It knows the two parties of a call, and `[sides]` which of them is the customer."""
    audio_by: ClassVar[str | None] = None
    """Name of the way in to which the PBX sends the audio that this one asks for."""
    from_answer_on: ClassVar[bool] = False
    """Its calls come only once they are answered: one that was up before is not heard."""
    host_key: ClassVar[str] = "host"
    """Key of the address at which it listens."""
    most_key: ClassVar[str] = "max_connections"
    """Key of the most connections that it admits at a time."""
    advice: ClassVar[Mapping[str, str]] = {}
    """Codes of remedies (`kikimori_core.messages`) for rejected connections, by reasons that only this integration gives."""

    def __init__(self, name: str, table: Settings, config: Configuration) -> None:
        """`name` is its table's, and its tap's: `[audiosocket]`."""
        self.name = name
        self.table = table
        self.config = config

    def is_on(self) -> bool:
        """Return whether it is switched on as a way in."""
        return bool(self.switch) and bool(getattr(self.table, self.switch))

    def tap(self, parts: TapParts) -> Tap:
        """Make the tap; nothing is opened yet."""
        raise NotImplementedError

    def summary(self) -> str:
        """Return the line of `config check`: the source of its calls."""
        addresses = ", ".join(f"{each.host}:{each.port}" for each in self.ports())
        return f"{self.name} {addresses}".rstrip()

    def ports(self) -> tuple[PortSetting, ...]:
        """Return the TCP ports at which it will listen while it is switched on."""
        return ()

    def contents(self) -> Mapping[str, Callable[[], object]]:
        """Return functions that try the content of the files it names, by key; tried also while it is switched off."""
        return {}

    def faults(self) -> Iterator[Diagnosis]:
        """Yield what `config check` finds wrong besides files and ports while it is switched on; nothing is opened."""
        yield from ()

    async def examine(self) -> list[Diagnosis]:
        """Check its needs for `kikimori doctor`, by default its ports; never raises for a fault that it finds."""
        from kikimori.checks.ports import tcp_port  # noqa: PLC0415  (as in each integration)

        return [tcp_port(self.name, each.host, each.port) for each in self.ports()]

    def audio_address(self) -> Iterator[Diagnosis]:
        """Yield the check of the address to which the PBX is told to send the audio, where there is `audio_by`."""
        yield from ()
