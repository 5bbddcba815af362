"""Checks of Asterisk's fitness for control. Each tries the thing itself; at each login and in the doctor."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kikimori.errors import secret_next_step
from kikimori.integrations.asterisk.ami import AmiConnection, read_password
from kikimori.integrations.asterisk.ami_away import AmiError, Away, why_away
from kikimori.integrations.asterisk.ami_codec import AmiProtocolError
from kikimori.integrations.asterisk.control.dialplan import CONTEXT, LABEL, VERSION
from kikimori.integrations.asterisk.control.remedies import remedy_of
from kikimori.integrations.asterisk.version import (
    INSTEAD_OF_WEBSOCKET,
    OLDEST,
    lacks_websocket_channels,
    too_old,
)

if TYPE_CHECKING:
    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.finding import Ami
    from kikimori.integrations.asterisk.control.settings import ControlSettings
    from kikimori.integrations.asterisk.settings import AsteriskTable

PROBE_WITHIN_S = 4.0
ACTIONS = {
    "Redirect": "call", "Setvar": "call", "Status": "call", "Hangup": "call", "Originate": "originate",
    "ShowDialPlan": "reporting",
}  # fmt: skip
"""AMI actions in use, and the class of manager.conf's `write` that allows each."""


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one check, in the shape of the doctor's diagnosis."""

    check: str
    """Stable code, also of the problem in the agent's health."""
    state: Literal["ok", "warning", "fault"]
    detail: str
    next_step: str = ""


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


async def look(ami: Ami, settings: ControlSettings, probe: Probe) -> list[Check]:
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


async def examine(table: AsteriskTable, settings: ControlSettings, *, websocket: bool = False) -> list[Check]:
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
            Check("pbx_login", "ok", f"{where} lets us in as {table.ami_user}"),
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


def _away(where: str, error: AmiError | AmiProtocolError | OSError) -> Check:
    away, because = why_away(error)
    remedy = remedy_of(away)
    if away is Away.PASSWORD and error.__cause__ is not None:
        remedy = secret_next_step(error.__cause__, "[asterisk] ami_password_file")
    return Check(str(away), "fault", f"{where}: {because}"[:300], remedy)


RIGHTS = (
    "manager.conf, the user of [asterisk] ami_user: write = call,originate,reporting and read = call,user"
)
INCLUDE = (
    "#include kikimori-control.conf at the end of extensions.conf, then `asterisk -rx 'dialplan reload'`"
)
MUSIC = "`asterisk -rx 'moh show files'`: the class needs sound files (Debian: asterisk-moh-opsound-wav); [asterisk] music names it"


async def _version(ami: Ami, *, websocket: bool) -> list[Check]:
    said = (await ami.act("CoreSettings")).get("AsteriskVersion")[:60]
    if not said:
        return []  # which right is missing is told by the next check
    name = f"Asterisk {said}"
    found = [Check("pbx_version", "ok", name)]
    if too_old(said):
        found = [Check("pbx_too_old", "warning", name, f"control is made for Asterisk {OLDEST} and later")]
    if websocket and lacks_websocket_channels(said):
        found.append(
            Check("pbx_no_websocket", "warning", f"{name} has no WebSocket channels", INSTEAD_OF_WEBSOCKET)
        )
    return found


async def _permissions(ami: Ami) -> Check:
    response = await ami.act("ListCommands")
    # One line per command: `Redirect: Redirect (transfer) a call.  (Priv: call,all)`.
    allowed = {name for name, _ in response.lines}
    missing = sorted({right for action, right in ACTIONS.items() if action not in allowed})
    if not missing:
        return Check("pbx_rights", "ok", "the user may do what control needs")
    return Check("pbx_right_missing", "fault", f"the user has no write = {', '.join(missing)}", RIGHTS)


async def _dialplan(ami: Ami) -> Check:
    response, found = await ami.listing("ShowDialPlan", Context=CONTEXT, Extension="version")
    if not response.ok or not found:
        if "ermission" in response.message:
            return Check("pbx_dialplan_unknown", "warning", response.message, RIGHTS)
        return Check("pbx_no_dialplan", "fault", response.message or f"no context {CONTEXT}", INCLUDE)
    version = found[0].get("AppData")
    if version != VERSION:
        return Check(
            "pbx_old_dialplan",
            "fault",
            f"{CONTEXT} has version {version[:8]}, this program needs {VERSION}",
            "copy kikimori-control.conf of this version to Asterisk, then `asterisk -rx 'dialplan reload'`",
        )
    return Check("pbx_dialplan", "ok", f"{CONTEXT} is included")


async def _events_and_music(ami: Ami, settings: ControlSettings, probe: Probe) -> list[Check]:
    response = await probe.run(ami)
    if not response.ok:
        return [Check("pbx_right_missing", "fault", response.message, RIGHTS)]
    deaf = [
        name for name, heard in (("call", probe.response is not None), ("user", probe.probed)) if not heard
    ]
    if deaf:
        return [
            Check(
                "pbx_right_missing", "fault", f"no events: the user has no read = {', '.join(deaf)}", RIGHTS
            )
        ]
    if probe.music_class is None:
        return [Check("pbx_no_music", "fault", f"class {settings.music} does not play", MUSIC)]
    if probe.music_class != settings.music:
        return [
            Check(
                "pbx_other_music",
                "warning",
                f"class {probe.music_class} plays instead of {settings.music}",
                MUSIC,
            )
        ]
    return [Check("pbx_music", "ok", f"class {settings.music} plays")]


async def _telephones(ami: Ami, settings: ControlSettings) -> list[Check]:
    """Check that the superior's extension exists in the context that rings telephones; a queue is one too."""
    dialled = settings.dial_string(settings.superior)
    if not dialled.startswith("Local/") or "@" not in dialled:
        return []
    extension, _, context = dialled.removeprefix("Local/").partition("/")[0].partition("@")
    # Asterisk looks into what is included and at patterns, as it does when it dials.
    response, found = await ami.listing("ShowDialPlan", Context=context, Extension=extension)
    if response.ok and found:
        return [Check("pbx_telephones", "ok", f"telephones are rung through {context}")]
    if "ermission" in response.message:
        return []
    return [
        Check(
            "pbx_no_telephones",
            "fault",
            response.message or f"no extension for the superior in {context}",
            "[asterisk] dial must name the context in which telephones call each other, e.g. from-internal, and [pbx] "
            "superior an extension there",
        )
    ]
