"""The registry: the table of every integration in `kikimori.toml`, each with the class that describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict

from kikimori.integrations.asterisk import Asterisk, AsteriskTable
from kikimori.integrations.audiosocket import AudioSocket, AudioSocketTable
from kikimori.integrations.chan_websocket import ChanWebSocket, ChanWebSocketTable
from kikimori.integrations.freeswitch import FreeSwitch, FreeSwitchTable
from kikimori.integrations.integration import Integration
from kikimori.integrations.line_in import LineIn, LineInTable
from kikimori.integrations.manual import Manual
from kikimori.integrations.mirror import Mirror, MirrorTable
from kikimori.integrations.pbx_integration import PbxIntegration
from kikimori.integrations.siprec import Siprec, SiprecTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.integrations.integration import Configuration


class IntegrationTables(BaseModel):
    """Tables of the integrations, in the order in which their taps start and are shown; one line for each.

    One that has its audio from another (`Integration.audio_by`) stands after it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    audiosocket: Annotated[AudioSocketTable, AudioSocket] = AudioSocketTable()
    asterisk: Annotated[AsteriskTable, Asterisk] = AsteriskTable()
    siprec: Annotated[SiprecTable, Siprec] = SiprecTable()
    chan_websocket: Annotated[ChanWebSocketTable, ChanWebSocket] = ChanWebSocketTable()
    line_in: Annotated[LineInTable, LineIn] = LineInTable()
    mirror: Annotated[MirrorTable, Mirror] = MirrorTable()
    freeswitch: Annotated[FreeSwitchTable, FreeSwitch] = FreeSwitchTable()


def integrations_of(tables: BaseModel, config: Configuration) -> Iterator[Integration[Any]]:
    """Yield every integration with its table from `tables`; `config` is the whole that each may read."""
    for name, field in type(tables).model_fields.items():
        for mark in field.metadata:
            if isinstance(mark, type) and issubclass(mark, Integration):
                yield mark(name, getattr(tables, name), config)
    yield Manual("manual", config.pbx, config)  # it has no table of its own


def control_kinds(tables: type[BaseModel]) -> tuple[str, ...]:
    """Return the values that `[pbx] kind` may have with these tables."""
    controlling = [
        name
        for name, field in tables.model_fields.items()
        if any(isinstance(mark, type) and issubclass(mark, PbxIntegration) for mark in field.metadata)
    ]
    return ("manual", *controlling)
