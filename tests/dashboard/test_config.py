"""The dashboard's settings."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from kikimori_core.errors import ConfigError
from kikimori_dashboard import DashboardSettings, read_settings, settings_from
from kikimori_dashboard.picture.views import Views
from kikimori_dashboard.site.state import SiteState

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
        ("[dashboard]\nprot = 1\n", "dashboard.prot: unknown key; did you mean port"),
        ("[dashboard]\nport = 99999\n", "port"),
        ('[dashboard]\ntime_zone = "Tokyo"\n', "time_zone"),
        ('site = "a/b"\n', "site"),
    ],
)
def test_a_wrong_file_is_answered_with_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "kikimori.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=key) as raised:
        read_settings(path)
    assert re.search(rf"{re.escape(str(path))}:\d", str(raised.value))


def test_a_missing_file_is_answered(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_settings(tmp_path / "none.toml")


def test_the_client_id_is_the_same_after_a_restart() -> None:
    assert settings_from({}).mqtt_client_id() == settings_from({}).mqtt_client_id()


def test_the_pages_may_call_the_site_as_people_do() -> None:
    settings = settings_from({"site": "tokyo", "dashboard": {"site_name": "東京本社"}})
    assert settings.site == "tokyo"
    told = json.loads(Views(SiteState(), settings).snapshot(datetime.now(UTC)))
    assert told["site"]["name"] == "東京本社"
