"""Findings of `kikimori config check` about the steps while nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kikimori.cli.config_of_unanswered import unanswered_lines
from kikimori.config import read_config
from kikimori_core.errors import ConfigError
from kikimori_core.wire.unanswered import UnansweredTable
from kikimori_dashboard.config import read_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_each_step_that_is_on_is_named_with_its_time() -> None:
    (line,) = unanswered_lines(UnansweredTable(hold_after_s=20), can=True)
    assert all(each in line for each in ("15", "20", "60"))
    assert unanswered_lines(UnansweredTable(hold_after_s=20), can=False) != [line]
    (short,) = unanswered_lines(UnansweredTable(louder_after_s=0, critical=False), can=True)
    assert "15" not in short


def test_that_no_step_is_on_is_said() -> None:
    off = UnansweredTable(louder_after_s=0, hold_after_s=0, ring_after_s=0, next_superior=False)
    (line,) = unanswered_lines(off, can=True)
    assert "[unanswered]" in line


def test_agent_and_dashboard_read_the_same_table(tmp_path: Path) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text("[unanswered]\nlouder_after_s = 20\n", encoding="utf-8")
    assert read_config(file).unanswered == read_settings(file).unanswered
    assert read_settings(file).unanswered.louder_after_s == 20
    file.write_text("[unanswered]\nring_after_s = -1\n", encoding="utf-8")
    for read in (read_config, read_settings):
        with pytest.raises(ConfigError, match="ring_after_s"):
            read(file)
