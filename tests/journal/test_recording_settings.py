"""`[recording]` and `[records]`: no silent default, and nothing in the clear over the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kikimori.config import AgentConfig, read_config
from kikimori_core.errors import ConfigError
from kikimori_core.journal.settings import RecordingTable
from kikimori_dashboard.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path

DECIDED = "[recording]\nenabled = true\ndays = 90\nmax_gb = 500\n"
PLAYED = '[[pbx.announcements]]\nname = "recorded"\ntitle = "t"\nfile = "custom/recorded"\n'


def written(folder: Path, content: str) -> Path:
    file = folder / "kikimori.toml"
    file.write_text(content, encoding="utf-8")
    return file


def test_a_file_of_the_version_before_records_nothing(tmp_path: Path) -> None:
    read = read_config(written(tmp_path, 'site = "honsha"\n[pbx]\nsuperior = "201"\n'))
    assert read.recording == RecordingTable()
    assert read.recording.enabled is None
    assert not read.recording.is_on
    assert read.recording.most_bytes == 0


def test_what_the_office_decided_is_read_by_agent_and_dashboard(tmp_path: Path) -> None:
    file = written(tmp_path, f'{DECIDED}announcement = "recorded"\n{PLAYED}[records]\ndays_unknown = 1\n')
    with pytest.raises(ConfigError, match=r"records\.days_unknown"):
        read_config(file)
    file = written(tmp_path, f'{DECIDED}announcement = "recorded"\n{PLAYED}[records]\ndir = "kept"\n')
    agent, dashboard = read_config(file), read_settings(file)
    assert agent.recording.is_on
    assert agent.recording.most_bytes == 500_000_000_000
    assert agent.recording == dashboard.recording
    assert agent.records == dashboard.records
    assert agent.records.dir == tmp_path / "kept"
    assert not AgentConfig.model_validate({"recording": {"enabled": False}}).recording.is_on


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[recording]\ndays = 90\nmax_gb = 5\n", "enabled = false"),
        ("[recording]\nenabled = true\nmax_gb = 5\n", "needs days and max_gb"),
        ("[recording]\nenabled = true\ndays = 5\n", "needs days and max_gb"),
        (f'{DECIDED}announcement = "recordd"\n{PLAYED}', "none of"),
        ('[records]\nurl = "http://192.0.2.7:8770"\n', "https://"),
        ('[records]\nurl = "records.office.example"\n', "write the address"),
        ('[records]\naddress = "0.0.0.0"\n', "set certificate too"),
    ],
)
def test_what_is_undecided_or_unsafe_is_refused_with_the_line_to_write(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(written(tmp_path, content))
    assert said in str(caught.value)
    assert "kikimori.toml" in str(caught.value)
