"""An installed Mosquitto file of the version before: each line to change is named, and the shipped one passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.config import DEFAULTS, AgentConfig
from kikimori.doctor.mosquitto import look_at_mosquitto
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from pathlib import Path

BEFORE = """per_listener_settings false
allow_anonymous false
listener 1883 127.0.0.1
persistence true
autosave_interval 60
max_queued_messages 10000
"""


def test_the_lines_to_change_are_named(tmp_path: Path) -> None:
    installed = tmp_path / "kikimori.conf"
    installed.write_text(BEFORE, encoding="utf-8")
    (found,) = look_at_mosquitto(AgentConfig(), installed)
    for each in (
        "line 5: autosave_interval 5",
        "add: use_username_as_clientid true",
        "add: max_connections 200",
        "add: max_keepalive 600",
        "add: max_queued_bytes",
    ):
        assert each in found.detail
    assert "allow_anonymous" not in found.detail
    installed.write_text(BEFORE.replace("allow_anonymous false", "allow_anonymous true"), encoding="utf-8")
    (found,) = look_at_mosquitto(AgentConfig(), installed)
    assert "line 2: allow_anonymous false" in found.detail


def test_the_shipped_file_passes_and_other_machines_are_not_looked_at(tmp_path: Path) -> None:
    assert not list(look_at_mosquitto(AgentConfig(), DEFAULTS / "mosquitto" / "kikimori.conf"))
    assert not list(look_at_mosquitto(AgentConfig(), tmp_path / "none"))
    installed = tmp_path / "kikimori.conf"
    installed.write_text(BEFORE, encoding="utf-8")
    away = AgentConfig(mqtt=BrokerSettings(host="192.0.2.1"))
    assert not list(look_at_mosquitto(away, installed))
