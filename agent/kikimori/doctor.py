"""Is this machine fit to watch over calls? What can be tried is tried, and each failure says what to do."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import shutil
import socket
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kikimori.bus.broker import is_loopback
from kikimori.errors import KikimoriError
from kikimori.judging.phrases import load_phrases
from kikimori.judging.rules import categories_without_phrases, load_rules, needs_words
from kikimori.recognition import load_recognition
from kikimori_wire.connection import BrokerError, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori.config import AgentConfig
    from kikimori_dashboard import DashboardSettings

ENOUGH_DISK = 1_000_000_000
"""Bytes: models and an outbox of days."""
WITHIN_S = 5.0


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at."""

    check: str
    state: State
    detail: str
    next_step: str = ""


async def examine(config: AgentConfig, dashboard: DashboardSettings) -> AsyncIterator[Diagnosis]:
    """Look at one thing after another; never raises for what it finds."""
    yield _rules(config)
    yield await asyncio.to_thread(_state_folder, config.state_path())
    yield await _clock()
    yield await _speech(config)
    yield await _broker(config)
    if config.audiosocket.enabled:
        yield _port("audiosocket", config.audiosocket.host, config.audiosocket.port)
        yield _port("announcements", config.audiosocket.host, config.audiosocket.announce_port)
        yield _pbx_side(config)
    yield _port("dashboard", dashboard.host, dashboard.port)
    yield _machine(config)


def _rules(config: AgentConfig) -> Diagnosis:
    try:
        rules = load_rules(config.rule_files())
        phrases = load_phrases(config.phrase_files())
    except KikimoriError as error:
        return Diagnosis("rules", State.FAULT, error.message, error.next_step or "kikimori config check")
    waiting = categories_without_phrases(rules, phrases.names)
    if waiting:
        return Diagnosis(
            "rules",
            State.WARNING,
            f"no file defines the phrases that {', '.join(waiting.values())} waits for",
            "name a phrase file with that category under [judging] phrases",
        )
    silent = sum(not needs_words(rule) for rule in rules)
    return Diagnosis("rules", State.OK, f"{len(rules)} in force, {silent} of them also without words")


def _state_folder(folder: Path) -> Diagnosis:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"kikimori")
    except OSError as error:
        return Diagnosis(
            "state folder",
            State.FAULT,
            f"{folder} cannot be written: {error.strerror}",
            "set state_dir to a folder that the service's user owns",
        )
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK:
        return Diagnosis(
            "state folder",
            State.WARNING,
            f"{folder} has {free / 1e6:.0f} MB left",
            "free some space: alerts wait there while the broker is away",
        )
    return Diagnosis("state folder", State.OK, f"{folder}, {free / 1e9:.0f} GB free")


async def _clock() -> Diagnosis:
    """Only systemd knows; without it nothing is claimed."""
    try:
        process = await asyncio.create_subprocess_exec(
            "timedatectl",
            "show",
            "--property=NTPSynchronized",
            "--value",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(WITHIN_S):
            answer, _ = await process.communicate()
    except (OSError, TimeoutError):
        return Diagnosis("clock", State.OK, "this system does not say whether it is synchronised")
    match answer.decode(errors="replace").strip():
        case "yes":
            return Diagnosis("clock", State.OK, "synchronised")
        case "no":
            return Diagnosis(
                "clock",
                State.WARNING,
                "not synchronised: the times in records may be wrong",
                "timedatectl set-ntp true, or install chrony",
            )
        case _:
            return Diagnosis("clock", State.OK, "this system does not say whether it is synchronised")


async def _speech(config: AgentConfig) -> Diagnosis:
    recognition = await load_recognition(config)
    if recognition.missing is not None:
        return Diagnosis("speech", State.WARNING, recognition.missing.detail, recognition.missing.remedy)
    if recognition.engine is None:
        return Diagnosis("speech", State.OK, "switched off: calls are watched by voice and time only")
    try:
        stream = await asyncio.to_thread(recognition.engine.open, 8000)
        await asyncio.to_thread(stream.accept, bytes(8000 // 5 * 2))
        await asyncio.to_thread(stream.close)
    except KikimoriError as error:
        problem = recognition.problem
        return Diagnosis("speech", State.FAULT, error.message, problem.remedy if problem else "")
    return Diagnosis("speech", State.OK, f"{recognition.engine.name} hears")


async def _broker(config: AgentConfig) -> Diagnosis:
    mqtt = config.mqtt
    where = f"{mqtt.host}:{mqtt.port}"
    try:
        async with asyncio.timeout(WITHIN_S), connect(mqtt, f"{config.agent_id}-doctor"):
            pass
    except TimeoutError:
        return Diagnosis("broker", State.FAULT, f"{where} does not answer", "is a firewall between?")
    except BrokerError as error:
        refused = "refused" in str(error).lower() and "authori" not in str(error).lower()
        if refused and is_loopback(mqtt.host):
            return Diagnosis(
                "broker",
                State.OK,
                f"nothing listens at {where}: `kikimori up` starts its own there",
            )
        return Diagnosis(
            "broker", State.FAULT, f"{where}: {error}", "check address, user and password under [mqtt]"
        )
    except OSError as error:
        return Diagnosis(
            "broker", State.FAULT, f"{where}: {error.strerror or error}", "check the files named under [mqtt]"
        )
    user = f" as {mqtt.username}" if mqtt.username else ""
    return Diagnosis("broker", State.OK, f"{where} lets us in{user}")


def _port(name: str, host: str, port: int) -> Diagnosis:
    if port == 0:
        return Diagnosis(name, State.OK, "any free port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except socket.gaierror:
        return Diagnosis(name, State.FAULT, f"host {host} is unknown", "give an address of this machine")
    except OSError as error:
        return _taken(name, host, port, error)
    return Diagnosis(name, State.OK, f"{host}, port {port} is free")


def _taken(name: str, host: str, port: int, error: OSError) -> Diagnosis:
    where = f"{host}, port {port}"
    match error.errno:
        case errno.EADDRINUSE:
            return Diagnosis(
                name,
                State.WARNING,
                f"{where} is in use: right while kikimori runs",
                f"ss -ltnp 'sport = :{port}' says by whom",
            )
        case errno.EADDRNOTAVAIL:
            return Diagnosis(
                name, State.FAULT, f"{host} is no address of this machine", "ip address lists them"
            )
        case errno.EACCES:
            return Diagnosis(name, State.FAULT, f"{where} is not allowed", "choose a port above 1023")
        case _:
            return Diagnosis(name, State.FAULT, f"{where}: {error.strerror}")


def _pbx_side(config: AgentConfig) -> Diagnosis:
    host = config.audiosocket.host
    allowed = ", ".join(config.audiosocket.allow)
    if is_loopback(host):
        return Diagnosis("pbx", State.OK, f"the PBX must run on this machine ({host}); admitted: {allowed}")
    if all(ipaddress.ip_network(each).is_loopback for each in config.audiosocket.allow):
        return Diagnosis(
            "pbx",
            State.FAULT,
            f"audio is awaited at {host}, but only this machine is admitted",
            "add the PBX's network to [audiosocket] allow",
        )
    return Diagnosis("pbx", State.OK, f"audio is awaited at {host}; admitted: {allowed}")


def _machine(config: AgentConfig) -> Diagnosis:
    cores = os.cpu_count() or 1
    if config.speech.enabled and config.speech.engine == "vosk" and config.speech.threads > cores:
        return Diagnosis(
            "machine",
            State.WARNING,
            f"{config.speech.threads} recognisers on {cores} cores",
            "set [speech] threads to the cores or fewer; `kikimori bench calls` measures",
        )
    return Diagnosis(
        "machine", State.OK, f"{cores} cores; `kikimori bench calls` says how many calls it carries"
    )
