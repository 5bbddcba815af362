"""Comparison of the installed Mosquitto file with the shipped one: differing lines, and their right form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.config import DEFAULTS
from kikimori_core.messages import both
from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori.config import AgentConfig

INSTALLED = Path("/etc/mosquitto/conf.d/kikimori.conf")
WANTED = (
    "allow_anonymous", "use_username_as_clientid", "max_connections", "max_keepalive", "max_inflight_messages",
    "max_queued_messages", "max_queued_bytes", "autosave_interval",
)  # fmt: skip
"""Settings that an office may have from an older file."""


def look_at_mosquitto(config: AgentConfig, installed: Path = INSTALLED) -> Iterator[Diagnosis]:
    """Give a warning that names each line to change; nothing where Mosquitto is not on this machine, or is as shipped."""
    if not is_loopback(config.mqtt.host):
        return
    try:
        lines = installed.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    shipped = _settings((DEFAULTS / "mosquitto" / "kikimori.conf").read_text(encoding="utf-8").splitlines())
    found = _settings(lines)
    changes = []
    for name in WANTED:
        wanted = shipped[name][1]
        at, value = found.get(name, (0, ""))
        if value != wanted:
            changes.append(f"line {at}: {name} {wanted}" if at else f"add: {name} {wanted}")
    if changes:
        yield Diagnosis(
            "mosquitto",
            CheckState.WARNING,
            *both("mosquitto_older", installed=installed, changes="; ".join(changes), defaults=DEFAULTS),
        )


def _settings(lines: list[str]) -> dict[str, tuple[int, str]]:
    """Return line and value of each setting; of several the first."""
    found: dict[str, tuple[int, str]] = {}
    for at, line in enumerate(lines, start=1):
        name, _, value = line.strip().partition(" ")
        if name and not name.startswith("#"):
            found.setdefault(name, (at, value.strip()))
    return found
