"""Commands speak the language of the configuration, or of the machine; what programs read never changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.messages.test_catalogues import COMMANDS, IN_JAPANESE, SENTENCE

from kikimori.cli import terminal
from kikimori.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "[dashboard]\nport = 0\n[audiosocket]\nport = 0\nannounce_port = 0\n"
BAD = """[mqtt]
port = "x"
hostt = "a"
[asterisk]
tap = true
[pbx]
ring_s = 1
"""
FILES_GONE = """[mqtt]
username = "agent"
password_file = "gone"
ca_file = "gone.pem"
[mirror]
enabled = true
interface = "nothere0"
[dashboard]
port = 0
"""


def english(text: str) -> list[str]:
    """Return the lines that hold an English sentence."""
    return [each for each in text.splitlines() if SENTENCE.search(COMMANDS.sub("", each))]


def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, language: str, *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setenv("LANG", language)
    code = main(arguments)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("text", [GOOD, BAD, FILES_GONE, "[mqtt\n", 'a = 1\na = 2\n"'], ids=str)
@pytest.mark.parametrize("language", ['language = "ja"\n', ""])
def test_config_check_speaks_japanese(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    language: str,
) -> None:
    """As the file says, even where another line of it is wrong; without a word of it as the machine says."""
    config = tmp_path / "kikimori.toml"
    config.write_text(f'{language}state_dir = "state"\n{text}', encoding="utf-8")
    machine = "C.UTF-8" if language else "ja_JP.UTF-8"
    code, out, err = run(capsys, monkeypatch, machine, "config", "check", "--config", str(config))
    assert english(out + err) == []
    assert IN_JAPANESE.search(out + err)
    same, out, err = run(capsys, monkeypatch, "C", "config", "check", "--config", str(config))
    assert same == code == (0 if text == GOOD else 2)
    assert not IN_JAPANESE.search(out + err)


def test_without_a_file_the_defaults_are_named_in_japanese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "SYSTEM_CONFIG", tmp_path / "none.toml")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    _, out, _ = run(capsys, monkeypatch, "ja_JP.UTF-8", "config", "check")
    assert "設定ファイル：組み込みの既定値" in out.splitlines()


def test_the_doctor_speaks_japanese_and_answers_programs_in_english(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "kikimori.toml"
    config.write_text(f'state_dir = "state"\n{FILES_GONE}', encoding="utf-8")
    arguments = ("doctor", "--config", str(config))
    code, out, _ = run(capsys, monkeypatch, "ja_JP.UTF-8", *arguments)
    assert english(out) == []
    assert "規則：" in out
    japanese = run(capsys, monkeypatch, "ja_JP.UTF-8", *arguments, "--json")
    plain = run(capsys, monkeypatch, "C", *arguments, "--json")
    assert japanese[0] == plain[0] == code == 1
    first, same = (
        {(each["check"], each["state"]) for each in map(json.loads, out.splitlines())}
        for _, out, _ in (japanese, plain)
    )
    assert first == same
    assert not IN_JAPANESE.search(japanese[1])


def test_an_error_is_said_with_its_next_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = run(
        capsys, monkeypatch, "ja_JP.UTF-8", "keys", "show", "--config", str(tmp_path / "gone.toml")
    )
    assert code == 2
    assert (
        err == f"kikimori: {tmp_path}/gone.toml：ファイルがありません。\n  対処：パスを確認してください。\n"
    )
