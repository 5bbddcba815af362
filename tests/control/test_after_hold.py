"""A customer who was on hold for too long rings no telephone that the house's own file does not name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kikimori.config import read_config
from kikimori.integrations.asterisk import Asterisk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("control", "rung"),
    [
        ("", "superior"),
        ('[control]\ninternal = ["2??"]\n', "superior"),
        ('[control]\ninternal = ["3??"]\n', "operator"),
    ],
)
def test_the_superior_is_rung_after_a_hold_only_as_one_of_the_house(
    tmp_path: Path, control: str, rung: str
) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text(f'[pbx]\nsuperior = "200"\nafter_hold = "superior"\n{control}', encoding="utf-8")
    asterisk = read_config(file).integration("asterisk")
    assert isinstance(asterisk, Asterisk)
    assert asterisk.control_settings().after_hold == rung
