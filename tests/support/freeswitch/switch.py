"""A small FreeSWITCH: event socket, channels, the dialplan applications that Kikimori orders, streams of audio.

It speaks the real wire: what it sends has the form of bytes captured from FreeSWITCH 1.11.3-dev with mod_audio_fork
(`tests/integrations/freeswitch/data/`, held against it in `test_capture.py`). What it does not know it answers as FreeSWITCH
does: `-ERR … Command not found!`. It stands in for the real one in continuous integration, which has none.
"""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from tests.support.freeswitch.stream import AudioStream

if TYPE_CHECKING:
    from collections.abc import Coroutine

Phone = Literal["answers", "rings", "busy", "declines", "dead", "unregistered", "absent"]
CAUSES = {
    "rings": "NO_ANSWER",
    "busy": "USER_BUSY",
    "declines": "CALL_REJECTED",
    "dead": "NO_ANSWER",
    "unregistered": "USER_NOT_REGISTERED",
    "absent": "SUBSCRIBER_ABSENT",
}


@dataclass(eq=False)
class Channel:
    uuid: str
    number: str
    display: str
    outbound: bool
    name: str
    created: int
    variables: dict[str, str] = field(default_factory=dict)
    peer: Channel | None = None
    leads: bool = False
    """True = it asked for its bridge: events tell of that one."""
    plays: str = ""
    work: asyncio.Task[None] | None = None
    stream: AudioStream | None = None
    gone: bool = False
    hears: Channel | None = None
    """Channel it listens to, or talks to as a third."""
    announced: list[str] = field(default_factory=list)
    """Files that are mixed into what it hears."""
    broken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to end the sound that is being played to it."""
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Switch:
    """One FreeSWITCH. `seconds` is how long one of its seconds takes here."""

    def __init__(self, password: str, *, seconds: float = 1.0) -> None:
        self.password = password
        self.seconds = seconds
        self.channels: dict[str, Channel] = {}
        self.phones: dict[str, Phone] = {}
        """Behaviour of extensions; one that is not here does not exist."""
        self.commands: list[str] = []
        self.files = {"/sounds/recorded.wav"}
        self.music_plays = True
        self.domain = "127.0.0.1"
        self.streams_start = True
        self.deaf = False
        """Accepts commands and answers none."""
        self.refuses = False
        """As an access list does."""
        self.breaks_at = ""
        """The connection breaks, once, in place of an answer to a command that begins so."""
        self.stands_still_at = ""
        """A command that begins so is not looked at until `goes_on` is set."""
        self.goes_on = asyncio.Event()
        self.obeys_when_it_breaks = False
        """True = the command that the connection breaks at is carried out all the same."""
        self.scramble: Random | None = None
        """Events that happen within a moment come in any order, as they do from a busy one."""
        self._pending: list[tuple[str, dict[str, str]]] = []
        self._sequence = count(500)
        self._created = count(1795566216529972, 1_000_000)
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- life

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def drop_links(self) -> None:
        """The event sockets break; calls and streams go on."""
        for link in list(self._links):
            link.writer.transport.abort()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        await self.drop_links()
        for channel in self.channels.values():
            if channel.stream is not None:
                await channel.stream.close()
            if channel.work is not None:
                channel.work.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._serving, return_exceptions=True)

    @property
    def linked(self) -> int:
        return sum(link.events != set() for link in self._links)

    # --- what people do

    def dial_in(
        self, number: str, display: str, extension: str, answered_by: str = ""
    ) -> tuple[Channel, Channel]:
        """Somebody calls an extension, which is answered."""
        customer = self._channel(number, display, outbound=False)
        operator = self._channel(extension, answered_by, outbound=True)
        self.emit("CHANNEL_CREATE", customer)
        self.emit("CHANNEL_CREATE", operator, other=customer)
        self.emit("CHANNEL_ANSWER", operator, other=customer)
        self.emit("CHANNEL_ANSWER", customer)
        self.bridge(customer, operator)
        return customer, operator

    def press(self, channel: Channel, digit: str) -> None:
        self.emit(
            "DTMF",
            channel,
            other=channel.peer,
            headers={"DTMF-Digit": digit, "DTMF-Duration": "1600", "DTMF-Source": "RTP"},
        )

    def hold(self, channel: Channel, *, on: bool) -> None:
        self.emit("CHANNEL_HOLD" if on else "CHANNEL_UNHOLD", channel, other=channel.peer)

    def transfer_to(self, customer: Channel, extension: str, display: str = "") -> Channel:
        """The operator's telephone hands the customer on."""
        left = customer.peer
        came = self._channel(extension, display, outbound=True)
        self.emit("CHANNEL_CREATE", came, other=customer)
        self.emit("CHANNEL_ANSWER", came, other=customer)
        self.part(customer)
        if left is not None:
            self.end(left)
        self.bridge(customer, came)
        return came

    def end(self, channel: Channel, cause: str = "NORMAL_CLEARING") -> None:
        if channel.gone:
            return
        channel.gone = True
        del self.channels[channel.uuid]
        self._stop_work(channel)
        if channel.stream is not None:
            self._spawn(channel.stream.close())
        peer = channel.peer
        self.part(channel)
        channel.over.set()
        self.emit("CHANNEL_HANGUP_COMPLETE", channel, other=peer, headers={"Hangup-Cause": cause})
        if peer is not None:
            home = peer.variables.pop("transfer_after_bridge", "")
            if home:
                applications, _, dialplan = home.replace("\\:", "\0").partition(":")
                assert dialplan == "inline", home
                self._run(peer, applications.replace("\0", ":"))
            else:
                self.end(peer, cause)
        hook = channel.variables.get("api_reporting_hook", "")
        if hook.startswith("uuid_kill ") and hook.split()[1] in self.channels:
            self.end(self.channels[hook.split()[1]])

    # --- what it does

    def bridge(self, one: Channel, two: Channel) -> None:
        one.peer, two.peer = two, one
        one.leads, two.leads = True, False
        for mine, other in ((one, two), (two, one)):
            mine.variables["bridge_to"] = other.uuid
        self.emit(
            "CHANNEL_BRIDGE",
            one,
            other=two,
            headers={"Bridge-A-Unique-ID": one.uuid, "Bridge-B-Unique-ID": two.uuid},
        )

    def part(self, one: Channel) -> None:
        two = one.peer
        if two is not None:
            one, two = (one, two) if one.leads else (two, one)
            one.peer = two.peer = None
            for each in (one, two):
                each.variables.pop("bridge_to", None)
            # The real one names the other leg here only sometimes.
            self.emit(
                "CHANNEL_UNBRIDGE",
                one,
                headers={"Bridge-A-Unique-ID": one.uuid, "Bridge-B-Unique-ID": two.uuid},
            )

    def emit(
        self,
        name: str,
        channel: Channel,
        headers: dict[str, str] | None = None,
        *,
        other: Channel | None = None,
    ) -> None:
        described = describe(channel, other) | (headers or {})
        if name in ("DTMF", "CHANNEL_APPLICATION"):
            described = {key: value for key, value in described.items() if not key.startswith("variable_")}
        sequence = str(next(self._sequence))
        self._tell(name, {"Event-Name": name, "Event-Sequence": sequence, **described})

    def _tell(self, name: str, headers: dict[str, str]) -> None:
        if self.scramble is not None:
            if not self._pending:
                asyncio.get_running_loop().call_later(0.01, self._tell_scrambled)
            self._pending.append((name, headers))
            return
        for link in self._links:
            if name in link.events:
                link.event(headers)

    def _tell_scrambled(self) -> None:
        pending, self._pending = self._pending, []
        assert self.scramble is not None
        self.scramble.shuffle(pending)
        for name, headers in pending:
            for link in self._links:
                if name in link.events:
                    link.event(headers)

    def _channel(self, number: str, display: str, *, outbound: bool, uuid: str = "") -> Channel:
        port = 36204 if outbound else 35060
        user = f"{number}-0x55ba6c467c70" if outbound else number
        channel = Channel(
            uuid or str(uuid4()),
            number,
            display,
            outbound,
            f"sofia/internal/{user}@127.0.0.1:{port}",
            next(self._created),
        )
        self.channels[channel.uuid] = channel
        return channel

    def _run(self, channel: Channel, applications: str) -> None:
        """Have a channel work through an inline dialplan."""
        self._stop_work(channel)
        delimiter, text = (
            (applications[2], applications[4:]) if applications.startswith("m:") else (",", applications)
        )
        channel.work = self._spawn(self._work(channel, text.split(delimiter)))

    async def _work(self, channel: Channel, applications: list[str]) -> None:
        for application in applications:
            name, _, data = application.partition(":")
            data = self._expanded(channel, data)
            match name:
                case "set":
                    variable, _, value = data.partition("=")
                    channel.variables[variable] = value
                case "unset":
                    channel.variables.pop(data, None)
                case "sleep":
                    await asyncio.sleep(float(data) / 1000 * self.seconds)
                case "event":
                    self.emit(
                        "CHANNEL_APPLICATION", channel, dict(each.split("=") for each in data.split(","))
                    )
                case "playback":
                    await self._play(channel, data)
                case "hangup":
                    self.end(channel, data)
                case "intercept":
                    if self._intercept(channel, data):
                        return
                case "three_way" | "eavesdrop":
                    await self._spy(channel, self.channels.get(data))
                case "bridge":
                    if await self._bridged(channel, data):
                        return
                case _:
                    raise AssertionError(f"not an application: {application}")
        self.end(channel)

    def _expanded(self, channel: Channel, data: str) -> str:
        """Replace `${variable}` and `${uuid_getvar(UUID variable)}`."""

        def value(found: re.Match[str]) -> str:
            killed = re.fullmatch(r"uuid_kill\((\S+)\)", found[1])
            if killed is not None:
                if killed[1] in self.channels:
                    self.end(self.channels[killed[1]])
                return "+OK"
            asked = re.fullmatch(r"uuid_getvar\((\S+) (\S+)\)", found[1])
            if asked is None:
                return channel.variables.get(found[1], "")
            whose = self.channels.get(asked[1])
            return "-ERR No such channel!" if whose is None else whose.variables.get(asked[2], "_undef_")

        return re.sub(r"\$\{([^}]*)\}", value, data)

    async def _bridged(self, channel: Channel, data: str) -> bool:
        """Ring and connect; False, and why in a variable, when nobody answered."""
        rung = re.fullmatch(r"\{\^\^;(?P<vars>[^}]*)\}user/(?P<user>[^@]+)(@.*)?", data)
        assert rung, data
        variables = dict(each.split("=") for each in rung["vars"].split(";"))
        came = await self._ring(rung["user"], variables, float(channel.variables["call_timeout"]), channel)
        if isinstance(came, Channel):
            # From here on nobody may interrupt what has been answered.
            self.bridge(channel, came)
            return True
        channel.variables["originate_failed_cause"] = came
        return False

    async def _spy(self, channel: Channel, spied: Channel | None) -> None:
        if spied is None or spied is channel:
            return
        self.emit(
            "MEDIA_BUG_START",
            spied,
            headers={"Media-Bug-Function": "eavesdrop", "Media-Bug-Target": spied.uuid},
        )
        channel.hears = spied
        try:
            await spied.over.wait()
        finally:
            channel.hears = None

    async def _play(self, channel: Channel, what: str) -> None:
        if not self.music_plays:
            return
        channel.plays = what
        channel.broken.clear()
        self.emit("PLAYBACK_START", channel, headers={"Playback-File-Path": what})
        seconds = channel.variables.get("playback_timeout_sec")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(float(seconds) * self.seconds if seconds else None):
                    await channel.broken.wait()
        finally:
            channel.plays = ""
            if not channel.gone:
                self.emit(
                    "PLAYBACK_STOP", channel, headers={"Playback-File-Path": what, "Playback-Status": "done"}
                )

    def _intercept(self, channel: Channel, uuid: str) -> bool:
        target = self.channels.get(uuid)
        if target is None:
            return False
        self._stop_work(target)
        left = target.peer
        self.part(target)
        if left is not None and left is not channel:
            self.end(left, "PICKED_OFF")
        self.bridge(channel, target)
        return True

    def _stop_work(self, channel: Channel) -> None:
        if channel.work is not None and channel.work is not asyncio.current_task():
            channel.work.cancel()
            channel.work = None

    async def _ring(
        self, extension: str, variables: dict[str, str], patience_s: float, caller: Channel | None
    ) -> Channel | str:
        """Ring a telephone; the channel that answered, or the cause."""
        behaves = self.phones.get(extension, "absent")
        if behaves in ("absent", "unregistered"):
            return CAUSES[behaves]
        channel = self._channel(extension, "", outbound=True)
        channel.variables |= variables
        self.emit("CHANNEL_CREATE", channel, other=caller)
        if behaves in ("rings", "answers"):
            self.emit("CHANNEL_PROGRESS", channel, other=caller)
        cause = CAUSES.get(behaves, "")
        try:
            if behaves == "rings":
                with suppress(TimeoutError):
                    async with asyncio.timeout(patience_s * self.seconds):
                        while not channel.gone and self.phones.get(extension) == "rings":  # noqa: ASYNC110  (people set no event)
                            await asyncio.sleep(0.01)
                behaves = self.phones.get(extension, "absent")
                cause = CAUSES.get(behaves, "")
        except asyncio.CancelledError:
            cause = "ORIGINATOR_CANCEL"
            raise
        finally:
            if cause and not channel.gone:
                channel.gone = True
                del self.channels[channel.uuid]
                channel.over.set()
                self.emit("CHANNEL_HANGUP_COMPLETE", channel, other=caller, headers={"Hangup-Cause": cause})
        if channel.gone:
            return cause or "ORIGINATOR_CANCEL"
        self.emit("CHANNEL_ANSWER", channel, other=caller)
        told = variables.get("api_on_answer", "")
        if told:
            await self.api(told)
        return channel

    # --- commands

    async def api(self, line: str) -> str:
        """Carry out an api command; the answer as the real one words it."""
        words = shlex.split(line, posix=True)
        name, *args = words
        if name == "show":
            return self._show(args)
        if name in ("status", "uptime"):
            return "UP 0 years, 0 days, 0 hours, 0 minutes, 4 seconds\n" if name == "status" else "4\n"
        if name == "module_exists":
            return (
                "true"
                if args[0] in ("mod_audio_fork", "mod_audio_stream", "mod_dptools", "mod_local_stream")
                else "false"
            )
        if name == "uuid_exists":
            return "true" if args[0] in self.channels else "false"
        if name == "eval":
            asked = self.channels.get(args[0].removeprefix("uuid:"))
            return "|".join(
                [
                    asked.uuid,
                    *(
                        asked.variables.get(each, "")
                        for each in ("bridge_to", "kikimori_order", "kikimori_step", "kikimori_operator")
                    ),
                ]
                if asked is not None
                else [""] * 5
            )
        if name == "uuid_break":
            if args[0] in self.channels:
                self.channels[args[0]].broken.set()
            return "+OK\n"
        if name == "local_stream":
            return "moh,/moh\n" if self.music_plays else "-ERR Cannot locate local_stream moh!\n"
        if name == "user_exists":
            return "true" if args[1] in self.phones else "false"
        if name == "global_getvar":
            return self.domain or "-ERR no reply"
        if not name.startswith("uuid_"):
            return f"-ERR {name} Command not found!\n"
        channel = self.channels.get(args[0])
        if name in ("uuid_audio_stream", "uuid_audio_fork"):
            return await self._stream(channel, name, args[1:])
        if channel is None:
            return "-ERR No such channel!\n"
        match name, args[1:]:
            case "uuid_kill", _:
                self.end(channel)
                return "+OK\n"
            case "uuid_getvar", [variable]:
                return channel.variables.get(variable, "_undef_")
            case "uuid_dual_transfer", [mine, others]:
                peer = channel.peer
                self.part(channel)
                if peer is not None:
                    self._run(peer, others.removesuffix("/inline"))
                self._run(channel, mine.removesuffix("/inline"))
                return "+OK\n"
            case "uuid_transfer", [applications, "inline"]:
                left_alone = channel.peer
                self.part(channel)
                self._run(channel, applications)
                if left_alone is not None:
                    self.end(left_alone)
                return "+OK\n"
            case "uuid_displace", ["start", path, "0", "mux"]:
                if path not in self.files or path in channel.announced:
                    return "-ERR Cannot displace session!\n"
                channel.announced.append(path)
                return "+OK Success\n"
            case "uuid_buglist", _:
                bugs = "".join(
                    f"<media-bug><function>displace</function><target>{each}</target></media-bug>"
                    for each in channel.announced
                )
                return f"<media-bugs>{bugs}</media-bugs>\n"
        return "-USAGE: \n"

    async def _stream(self, channel: Channel | None, name: str, args: list[str]) -> str:
        if channel is None or not self.streams_start:
            return "-ERR Operation Failed\n"
        if args[0] == "stop":
            stream, channel.stream = channel.stream, None
            if stream is None:
                return "-ERR Operation Failed\n"
            self._spawn(stream.close())
            return "+OK Success\n"
        if args[0] == "start":
            if channel.stream is not None:
                return "-ERR Operation Failed\n"  # bug already attached
            _, url, mix, rate, *_ = args
            channel.stream = AudioStream(url, mix, int(rate), subprotocol=name == "uuid_audio_fork")
            self._spawn(channel.stream.connect())
            return "+OK Success\n"
        return "-USAGE: \n"

    def _show(self, args: list[str]) -> str:
        rows = []
        if args[:1] == ["channels"]:
            rows = [row(each) for each in self.channels.values()]
        elif args[:1] == ["calls"]:
            pairs = [each for each in self.channels.values() if each.peer is not None and not each.outbound]
            rows = [
                row(each) | {f"b_{key}": value for key, value in row(each.peer).items()}
                for each in pairs
                if each.peer
            ]
        return json.dumps({"row_count": len(rows), **({"rows": rows} if rows else {})}) + "\n"

    async def originate(self, line: str, link: _Link, job: str) -> None:
        found = re.fullmatch(
            r"originate \{(?P<vars>[^}]*)\}user/(?P<user>[^@ ]+)(@\S+)? &(?P<app>\w+)\((?P<data>[^)]*)\)",
            line,
        )
        assert found, line
        variables = dict(each.split("=") for each in found["vars"].split(","))
        came = await self._ring(found["user"], variables, float(variables["originate_timeout"]), None)
        if isinstance(came, str):
            link.event(
                {"Event-Name": "BACKGROUND_JOB", "Job-UUID": job, "Job-Command": "originate"},
                f"-ERR {came}\n",
            )
            return
        self._run(came, f"{found['app']}:{found['data']}")
        link.event(
            {"Event-Name": "BACKGROUND_JOB", "Job-UUID": job, "Job-Command": "originate"},
            f"+OK {came.uuid}\n",
        )

    # --- the event socket

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(writer)
        self._links.add(link)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._talk(reader, link)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._links.discard(link)
            self._serving.discard(task)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, link: _Link) -> None:
        if self.refuses:
            link.send({"Content-Type": "text/rude-rejection"}, "Access Denied, go away.\n")
            return
        link.send({"Content-Type": "auth/request"})
        told = await _command(reader)
        if told[0] != f"auth {self.password}":
            link.reply("-ERR invalid")
            link.send({"Content-Type": "text/disconnect-notice"}, "Disconnected, goodbye.\n")
            return
        link.reply("+OK accepted")
        while True:
            line, *headers = await _command(reader)
            self.commands.append(line)
            verb, _, rest = line.partition(" ")
            if self.deaf:
                continue
            if self.stands_still_at and line.startswith(self.stands_still_at):
                await self.goes_on.wait()
            if self.breaks_at and line.startswith(self.breaks_at):
                self.breaks_at = ""
                if self.obeys_when_it_breaks:
                    await self.api(rest)
                link.writer.transport.abort()
                return
            match verb:
                case "event":
                    link.events |= set(rest.split()[1:])
                    link.reply("+OK event listener enabled json")
                case "api":
                    link.send({"Content-Type": "api/response"}, await self.api(rest))
                case "bgapi":
                    job = next((each.removeprefix("Job-UUID: ") for each in headers), str(uuid4()))
                    link.reply(f"+OK Job-UUID: {job}", **{"Job-UUID": job})
                    self._spawn(self.originate(rest, link, job))
                case "exit":
                    link.reply("+OK bye")
                    return
                case _:
                    link.reply("-ERR command not found")

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _Link:
    """One connection to the event socket."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.events: set[str] = set()

    def send(self, headers: dict[str, str], body: str = "") -> None:
        data = body.encode()
        if data:
            headers = {**headers, "Content-Length": str(len(data))}
        head = "".join(f"{name}: {value}\n" for name, value in headers.items())
        self.writer.write(head.encode() + b"\n" + data)

    def reply(self, text: str, **headers: str) -> None:
        self.send({"Content-Type": "command/reply", "Reply-Text": text, **headers})

    def event(self, headers: dict[str, str], body: str = "") -> None:
        fields = {**headers, "Content-Length": str(len(body)), "_body": body} if body else headers
        # The real one puts the length first here.
        data = json.dumps(fields).encode()
        self.writer.write(b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(data) + data)


async def _command(reader: asyncio.StreamReader) -> list[str]:
    return (await reader.readuntil(b"\n\n")).decode().strip().split("\n")


def describe(channel: Channel, other: Channel | None) -> dict[str, str]:
    """Return the headers of a channel's event that Kikimori reads, named and filled as the real one does."""
    direction = "outbound" if channel.outbound else "inbound"
    user = f"{channel.number}-0x55ba6c467c70" if channel.outbound else channel.number
    headers = {
        "Unique-ID": channel.uuid,
        "Channel-Name": channel.name,
        "Call-Direction": direction,
        "Caller-Direction": direction,
        "Caller-Channel-Name": channel.name,
        "Caller-Caller-ID-Name": channel.display or channel.number,
        # Of a telephone that is called this is who calls.
        "Caller-Caller-ID-Number": other.number if other is not None and channel.outbound else channel.number,
        "Caller-Destination-Number": user if channel.outbound else "204",
        "Caller-Channel-Created-Time": str(channel.created),
    }
    if channel.outbound:
        headers |= {
            "Caller-Callee-ID-Name": channel.display or "Outbound Call",
            "Caller-Callee-ID-Number": user,
            "Channel-Presence-ID": f"{channel.number}@127.0.0.1",
            "variable_dialed_user": channel.number,
        }
    headers |= {f"variable_{name}": value for name, value in channel.variables.items()}
    if other is not None:
        headers |= {
            "Other-Leg-Unique-ID": other.uuid,
            "Other-Leg-Direction": "outbound" if other.outbound else "inbound",
            "Other-Leg-Channel-Name": other.name,
        }
    return headers


def row(channel: Channel) -> dict[str, str]:
    """Return one row of `show channels as json`."""
    user = f"{channel.number}-0x55ba6c467c70" if channel.outbound else channel.number
    return {
        "uuid": channel.uuid,
        "direction": "outbound" if channel.outbound else "inbound",
        "created_epoch": str(channel.created // 1_000_000),
        "name": channel.name,
        "state": "CS_EXECUTE",
        "cid_name": channel.display or channel.number,
        "cid_num": channel.number,
        "dest": user if channel.outbound else "204",
        "presence_id": f"{channel.number}@127.0.0.1" if channel.outbound else "",
        "callee_name": (channel.display or "Outbound Call") if channel.outbound else "",
        "callee_num": user if channel.outbound else "",
    }
