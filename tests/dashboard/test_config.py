"""The dashboard's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kikimori_dashboard import DashboardSettings, read_settings, settings_from
from kikimori_dashboard.config import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_file_serves_agent_and_dashboard(tmp_path: Path) -> None:
    path = tmp_path / "kikimori.toml"
    path.write_text(
        'site = "tokyo"\nagent_id = "x"\n[mqtt]\nport = 1900\n[pbx]\nsuperior = "200"\n[dashboard]\nport = 9000\n'
    )
    settings = read_settings(path)
    assert (settings.site, settings.mqtt.port, settings.port) == ("tokyo", 1900, 9000)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "office.example", ""])
def test_without_a_login_it_binds_to_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        DashboardSettings(host=host)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[dashboard]\nprot = 1\n", "prot"),
        ("[dashboard]\nport = 99999\n", "port"),
        ('[dashboard]\ntime_zone = "Tokyo"\n', "time_zone"),
        ('site = "a/b"\n', "site"),
    ],
)
def test_a_wrong_file_is_answered_with_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "kikimori.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=key) as raised:
        read_settings(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_answered(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "none.toml")


def test_the_client_id_is_the_same_after_a_restart() -> None:
    assert settings_from({}).mqtt_client_id() == settings_from({}).mqtt_client_id()
