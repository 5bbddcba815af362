"""The wheel that is built from the repository works without it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest
from tests.support.installation import ROOT, CleanEnvironment, build_wheel


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


def small_checkout(folder: Path) -> None:
    """Make a checkout that is built as this one is, with next to nothing in it."""
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, folder)
    for package in (
        *(f"agent/{each}" for each in ("kikimori", "kikimori_core", "kikimori_lab", "kikimori_wire")),
        *(f"dashboard/{each}" for each in ("kikimori_dashboard", "kikimori_records")),
        "config/phrases/ja",
        "models",
    ):
        (folder / package).mkdir(parents=True)
        if not package.startswith(("config", "models")):
            (folder / package / "__init__.py").touch()


def test_an_update_in_the_same_checkout_installs_nothing_of_the_version_before(tmp_path: Path) -> None:
    """Phrase files count by being there: one that was removed or renamed would go on raising alerts."""
    source = tmp_path / "checkout"
    source.mkdir()
    small_checkout(source)
    phrases = source / "config" / "phrases" / "ja"
    (phrases / "before.toml").write_text("category = 'before'\n", encoding="utf-8")
    assert "kikimori_config/phrases/ja/before.toml" in ZipFile(build_wheel(source, tmp_path)).namelist()
    (phrases / "before.toml").rename(phrases / "after.toml")
    names = ZipFile(build_wheel(source, tmp_path)).namelist()
    assert "kikimori_config/phrases/ja/after.toml" in names
    assert "kikimori_config/phrases/ja/before.toml" not in names


def test_going_back_in_the_same_checkout_installs_the_older_file(tmp_path: Path) -> None:
    """Files of an archive keep their dates, so what is older than the last build counts too."""
    source = tmp_path / "checkout"
    source.mkdir()
    small_checkout(source)
    rules = source / "config" / "rules.toml"
    rules.write_text("version = 'newer'\n", encoding="utf-8")
    build_wheel(source, tmp_path)
    rules.write_text("version = 'older'\n", encoding="utf-8")
    os.utime(rules, (1_700_000_000, 1_700_000_000))
    wheel = build_wheel(source, tmp_path)
    assert ZipFile(wheel).read("kikimori_config/rules.toml").decode() == "version = 'older'\n"
