"""Users of the embedded broker, as in Mosquitto's shipped ACL, with the topics they may read and write."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.wire.private_file import write_private
from kikimori_core.wire.topics import ROOT, AgentTopics, Topics

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.wire.settings import BrokerSettings

WATCHER = "watch"
"""User that reads the agents' messages: `kikimori tap watch --from-agent`, `doctor`, the demo's own
witness."""
SIGNALS = "signals"
"""The dashboard's user for lamps and buttons."""


def _password() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """One user. Filters are MQTT's."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    alone: bool = True
    """Its name is its client id too, so it has one connection; else each client id gets the name before it."""
    password: str = field(default_factory=_password, repr=False)

    def may_read(self, topic: str) -> bool:
        return any(covers(each, topic) for each in self.reads)

    def may_write(self, topic: str) -> bool:
        return any(covers(each, topic) for each in self.writes)


def agent_user(site: str, agent_id: str) -> BrokerUser:
    """Return an agent's user: its own branch, answers to presses in its own name, and the directory to read."""
    topics = AgentTopics(site, agent_id)
    return BrokerUser(agent_id, (topics.branch, topics.directories), (topics.branch, topics.replies))


def dashboard_user(site: str, name: str) -> BrokerUser:
    """Return a dashboard's user: sees the whole site, commands agents, tells them the directory, has a branch of its own."""
    topics = Topics(site)
    own = topics.branch(name)
    commands, acks = topics.of_all_agents("commands"), topics.of_all_agents("acks")
    return BrokerUser(name, (topics.all_agents, own), (commands, acks, topics.directory(name), own))


def signals_user(told: tuple[str, ...], buttons: tuple[str, ...]) -> BrokerUser:
    """Return the dashboard's second user: it tells lamps (filters `told`) and hears buttons, where it must not write."""
    return BrokerUser(SIGNALS, (*told, *buttons), told)


def devices_user(name: str, password: str, told: tuple[str, ...], buttons: tuple[str, ...]) -> BrokerUser:
    """Return the user of the programs that speak to lamps and buttons; it alone writes on the buttons' topics.

    Where these are not of our own tree, the program has everything below their first level.
    """
    roots = tuple({f"{each.partition('/')[0]}/#" for each in buttons} - {f"{ROOT.partition('/')[0]}/#"})
    return BrokerUser(name, (*told, *roots), (*buttons, *roots), alone=False, password=password)


def watcher(site: str) -> BrokerUser:
    """Return a user that reads the agents' messages, and a topic of its own."""
    topics = Topics(site)
    own = topics.branch(WATCHER)
    return BrokerUser(WATCHER, (topics.all_agents, own), (own,), alone=False)


def everything(name: str = "bench") -> BrokerUser:
    """Return a user without limits: for measurements and tests, never for an office."""
    return BrokerUser(name, ("#",), ("#",), alone=False)


def covers(pattern: str, topic: str) -> bool:
    """Return whether a filter covers a topic."""
    if topic.startswith("$") and not pattern.startswith("$"):
        return False
    levels, parts = pattern.split("/"), topic.split("/")
    for at, level in enumerate(levels):
        if level == "#":
            return True
        if at >= len(parts) or level not in ("+", parts[at]):
            return False
    return len(levels) == len(parts)


def watch_file(state: Path) -> Path:
    """Return the file of the watcher's password, left by `kikimori up` for commands of the same user."""
    return state / "broker-watch.json"


def leave_login(state: Path, port: int, user: BrokerUser) -> None:
    """Write the file; raises OSError."""
    write_private(
        watch_file(state), json.dumps({"port": port, "username": user.name, "password": user.password})
    )


def with_left_login(settings: BrokerSettings, state: Path) -> BrokerSettings:
    """Return settings for the running embedded broker, if meant here and its password is readable."""
    if settings.username is not None:
        return settings
    try:
        left = json.loads(watch_file(state).read_text(encoding="utf-8"))
        same = left["port"] == settings.port
        return settings.with_login(left["username"], left["password"]) if same else settings
    except (OSError, ValueError, KeyError, TypeError):
        return settings
