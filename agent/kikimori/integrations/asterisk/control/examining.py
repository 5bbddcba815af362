"""Checks of Asterisk's fitness for control. Each tries the thing itself; at each login and in the doctor."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from kikimori.errors import secret_next_step
from kikimori.integrations.asterisk.ami import AmiConnection, read_password
from kikimori.integrations.asterisk.ami_away import AmiAwayReason, AmiError, why_away
from kikimori.integrations.asterisk.ami_codec import AmiProtocolError
from kikimori.integrations.asterisk.control.dialplan import CONTEXT, LABEL, VERSION
from kikimori.integrations.asterisk.control.remedies import remedy_of
from kikimori.integrations.asterisk.version import (
    OLDEST,
    lacks_websocket_channels,
    too_old,
)
from kikimori_core.messages import both, text
from kikimori_core.model.diagnosis import CheckState, Diagnosis

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.finding import Ami
    from kikimori.integrations.asterisk.control.settings import AsteriskControlSettings
    from kikimori.integrations.asterisk.settings import AsteriskTable

PROBE_WITHIN_S = 4.0
ACTIONS = {
    "Redirect": "call", "Setvar": "call", "Status": "call", "Hangup": "call", "Originate": "originate",
    "ShowDialPlan": "reporting",
}  # fmt: skip
"""AMI actions in use, and the class of manager.conf's `write` that allows each."""


class Probe:
    """Observer of one test call from Asterisk to itself: checks that events arrive and music starts."""

    def __init__(self, music: str) -> None:
        self.music = music
        self.request = f"probe-{secrets.token_hex(4)}"
        self.channel = ""
        self.probed = False
        self._playing: dict[str, str] = {}
        """Class of the music by channel, of all that began meanwhile: events may overtake each other."""
        self.response: Block | None = None
        self.news = asyncio.Event()

    def note(self, event: Block) -> None:
        """Take an event of any kind."""
        if event.get("Request") == self.request:
            self.channel = event.get("Channel")
            self.probed = self.probed or event.get("Step") == "probed"
        elif event.event == "MusicOnHoldStart":
            self._playing[event.get("Channel")] = event.get("Class")
        elif event.event == "OriginateResponse" and event.action_id == self.request:
            self.response = event
        else:
            return
        self.news.set()

    @property
    def music_class(self) -> str | None:
        """Return the class of the music on the probe's own channel; None = none played."""
        return self._playing.get(self.channel)

    async def run(self, ami: Ami) -> Block:
        """Make the call and wait for its events; return what Asterisk answered. Raises AmiError."""
        response = await ami.act(
            "Originate",
            ("Variable", f"__KIKIMORI_REQUEST={self.request}"),
            ("Variable", f"__KIKIMORI_MUSIC={self.music}"),
            ActionID=self.request,
            Channel=f"Local/probe@{CONTEXT}/n",
            Context=CONTEXT,
            Exten="probing",
            Priority=LABEL,
            Async="true",
        )
        if response.ok:
            with suppress(TimeoutError):
                async with asyncio.timeout(PROBE_WITHIN_S):
                    while not (self.probed and self.response):
                        self.news.clear()
                        await self.news.wait()
        return response


async def look(ami: Ami, settings: AsteriskControlSettings, probe: Probe) -> list[Diagnosis]:
    """Check the rights of the logged-in user, and the dialplan. `probe` must get all events meanwhile.

    Raises:
        AmiError: the connection was lost.
    """
    found = [await _permissions(ami)]
    dialplan = await _dialplan(ami)
    found.append(dialplan)
    if found[0].state == "ok" and dialplan.state == "ok":
        found += await _events_and_music(ami, settings, probe)
    found += await _telephones(ami, settings)
    return found


async def examine(
    table: AsteriskTable, settings: AsteriskControlSettings, *, websocket: bool = False
) -> list[Diagnosis]:
    """Connect as control does, and check. Raises nothing for a fault. `websocket`: its channels are used."""
    probe = Probe(settings.music)
    where = f"{table.ami_host}:{table.ami_port}"
    try:
        password = read_password(table)
        connection = await AmiConnection.connect(table, probe.note)
    except (AmiError, OSError) as error:
        return [_away(where, error)]
    reading = asyncio.create_task(connection.read(), name="ami-examine")
    try:
        await connection.login(table.ami_user, password)
        return [
            Diagnosis(
                "pbx_login", CheckState.OK, *both("pbx_login_good", where=where, ami_user=table.ami_user)
            ),
            *await _version(connection, websocket=websocket),
            *await look(connection, settings, probe),
        ]
    except AmiError as error:
        cause = reading.exception() if reading.done() else None
        return [_away(where, cause if isinstance(cause, (AmiProtocolError, OSError)) else error)]
    finally:
        connection.close()
        reading.cancel()
        with suppress(asyncio.CancelledError, OSError, AmiProtocolError):
            await reading


def _away(where: str, error: AmiError | AmiProtocolError | OSError) -> Diagnosis:
    away, because = why_away(error)
    next_step: str = remedy_of(away)
    if away is AmiAwayReason.PASSWORD and error.__cause__ is not None:
        next_step = secret_next_step(error.__cause__, "[asterisk] ami_password_file")
    return Diagnosis(
        str(away), CheckState.FAULT, text("pbx_away", where=where, because=because[:300]), next_step
    )


async def _version(ami: Ami, *, websocket: bool) -> list[Diagnosis]:
    said = (await ami.act("CoreSettings")).get("AsteriskVersion")[:60]
    if not said:
        return []  # which right is missing is told by the next check
    name = f"Asterisk {said}"
    found = [Diagnosis("pbx_version", CheckState.OK, *both("pbx_version", name=name))]
    if too_old(said):
        found = [Diagnosis("pbx_too_old", CheckState.WARNING, *both("pbx_too_old", name=name, oldest=OLDEST))]
    if websocket and lacks_websocket_channels(said):
        found.append(
            Diagnosis("pbx_no_websocket", CheckState.WARNING, *both("no_websocket_channels", version=said))
        )
    return found


async def _permissions(ami: Ami) -> Diagnosis:
    response = await ami.act("ListCommands")
    # One line per command: `Redirect: Redirect (transfer) a call.  (Priv: call,all)`.
    allowed = {name for name, _ in response.lines}
    missing = sorted({right for action, right in ACTIONS.items() if action not in allowed})
    if not missing:
        return Diagnosis("pbx_rights", CheckState.OK, *both("pbx_rights_good"))
    return Diagnosis(
        "pbx_right_missing", CheckState.FAULT, *both("pbx_right_missing.write", missing=", ".join(missing))
    )


async def _dialplan(ami: Ami) -> Diagnosis:
    response, found = await ami.listing("ShowDialPlan", Context=CONTEXT, Extension="version")
    if not response.ok or not found:
        if "ermission" in response.message:
            return Diagnosis(
                "pbx_dialplan_unknown",
                CheckState.WARNING,
                *both("pbx_right_missing.answer", message=response.message),
            )
        return Diagnosis(
            "pbx_no_dialplan",
            CheckState.FAULT,
            *_answered("pbx_no_dialplan", response.message, context=CONTEXT),
        )
    version = found[0].get("AppData")
    if version != VERSION:
        return Diagnosis(
            "pbx_old_dialplan",
            CheckState.FAULT,
            *both("pbx_old_dialplan", context=CONTEXT, version=version[:8], needed=VERSION),
        )
    return Diagnosis("pbx_dialplan", CheckState.OK, *both("pbx_dialplan_included", context=CONTEXT))


async def _events_and_music(ami: Ami, settings: AsteriskControlSettings, probe: Probe) -> list[Diagnosis]:
    response = await probe.run(ami)
    if not response.ok:
        return [
            Diagnosis(
                "pbx_right_missing",
                CheckState.FAULT,
                *both("pbx_right_missing.answer", message=response.message),
            )
        ]
    deaf = [
        name for name, heard in (("call", probe.response is not None), ("user", probe.probed)) if not heard
    ]
    if deaf:
        return [
            Diagnosis(
                "pbx_right_missing", CheckState.FAULT, *both("pbx_right_missing.read", deaf=", ".join(deaf))
            )
        ]
    if probe.music_class is None:
        return [Diagnosis("pbx_no_music", CheckState.FAULT, *both("pbx_no_music", music=settings.music))]
    if probe.music_class != settings.music:
        return [
            Diagnosis(
                "pbx_other_music",
                CheckState.WARNING,
                *both("pbx_other_music", music_class=probe.music_class, music=settings.music),
            )
        ]
    return [Diagnosis("pbx_music", CheckState.OK, *both("pbx_music_plays", music=settings.music))]


async def _telephones(ami: Ami, settings: AsteriskControlSettings) -> list[Diagnosis]:
    """Check that the superior's extension exists in the context that rings telephones; a queue is one too."""
    dialled = settings.dial_string(settings.superior)
    if not dialled.startswith("Local/") or "@" not in dialled:
        return []
    extension, _, context = dialled.removeprefix("Local/").partition("/")[0].partition("@")
    # Asterisk looks into what is included and at patterns, as it does when it dials.
    response, found = await ami.listing("ShowDialPlan", Context=context, Extension=extension)
    if response.ok and found:
        return [Diagnosis("pbx_telephones", CheckState.OK, *both("pbx_telephones_good", context=context))]
    if "ermission" in response.message:
        return []
    return [
        Diagnosis(
            "pbx_no_telephones",
            CheckState.FAULT,
            *_answered("pbx_no_telephones", response.message, context=context),
        )
    ]


def _answered(code: str, message: str, **parameters: str) -> tuple[str, str]:
    """Return the texts of a fault, with Asterisk's own words where it gave any."""
    return both(f"{code}.answer", message=message) if message else both(code, **parameters)
