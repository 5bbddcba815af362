"""The wheel that is built from the repository works without it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.installation import CleanEnvironment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> CleanEnvironment:
    made = CleanEnvironment(tmp_path_factory.mktemp("all") / "clean")
    made.install(wheel, ["all"])
    return made


def run(installed: CleanEnvironment, *arguments: str) -> str:
    """Run the installed program; return what it printed."""
    ended = installed.run(*arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_files_beside_the_code_are_in_the_wheel(installed: CleanEnvironment) -> None:
    """Rules, phrases, sentences, pages and models: all that is read by name."""
    assert run(installed, "--version").startswith("kikimori ")
    assert "rules" in run(installed, "config", "check", "--rules")
    assert "ja-synth" in {each["name"] for each in json.loads(run(installed, "models", "list", "--json"))}


def test_the_wheel_hears_the_sample_calls(installed: CleanEnvironment) -> None:
    """A sample call goes through hearing, recognition and judging."""
    call = installed.packages / "kikimori_lab" / "demo" / "calls"
    found = run(installed, "analyze", "--json", str(call / "shouting.flac"))
    assert "shouting" in found
