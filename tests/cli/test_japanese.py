"""Output of commands for a Japanese reader: no line of their tables and errors is in English."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from tests.support.english import JAPANESE, english_lines

from kikimori.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

KEY = "Zm9yIGEgdGVzdCBvZiB0aGUgY29tbWFuZCBsaW5lLi4="
"""Like a public key, and none."""

CSV = "氏名,ログイン,役割,内線\n林,hayashi,オペレーター,206\n"
BAD_CSV = "氏名,役割,席の行,無効\n佐藤,社長,1,\n鈴木,,x,\n木村,,1,maybe\n"

NAMES = frozenset(
    {
        *("operator", "supervisor", "records", "admin", "wall"),  # roles, as they are typed
        *("people", "notes_of_store", "audit", "hayashi", "sato", "kimura", "nobody", "ask", "neg-ask"),
        *("demo", "synth", "base", "small", "medium", "large", "turbo"),  # parts of models' names
    }
)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    (tmp_path / "kikimori.toml").write_text(
        f'state_dir = "{tmp_path}/agent"\n[dashboard]\nstate_dir = "{tmp_path}/pages"\nport = 0\n'
        f'[store]\ndir = "{tmp_path}/pages"\n[audiosocket]\nport = 0\nannounce_port = 0\n',
        encoding="utf-8",
    )
    (tmp_path / "good.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "bad.csv").write_text(BAD_CSV, encoding="utf-8")
    (tmp_path / "cases.jsonl").write_text(
        '{"text": "上司を出せ", "type": "ask", "speaker": "customer", "expected": ["call_for_superior"]}\n'
        '{"text": "お願いします", "type": "neg-ask", "speaker": "customer", "expected": []}\n',
        encoding="utf-8",
    )
    (tmp_path / "malformed.jsonl").write_text('{"text": "あ", "typ": "x"}\n', encoding="utf-8")
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    return tmp_path


def said(
    arguments: str, office: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Run a command; return all that it printed."""
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    given = [each.replace("@", f"{office}/") for each in arguments.split()]
    action = given[: 2 if given[0] in ("keys", "user", "store", "superior", "models", "config") else 1]
    options = [] if given[0] in ("bench", "train-words", "tap") else ["--config", f"{office}/kikimori.toml"]
    main([*action, *options, *given[len(action) :]])
    found = capsys.readouterr()
    return found.out + found.err


RUNS = (
    (
        "keys show",
        "keys rotate",
        f"keys trust --name tokyo {KEY}",
        "keys trust --name tokyo short",
        "keys revoke nobody",
        "keys show --dashboard",
    ),
    (
        "user list",
        "user add 佐藤 --login sato --role operator --extension 204",
        "user add 鈴木 --login sato",
        "user add 林 --seat-row 0",
        "user add 林 --role king",
        "user add 林 --telephone あ",
        "user add 田中 --telephone 09012345678 --role supervisor",
        "user list",
        "user change sato --team 受付",
        "user change sato",
        "user change nobody --team 受付",
        "user role sato --add admin",
        "user role sato",
        "user role sato --remove admin",
        "user disable sato",
        "user list --all",
        "user import @good.csv --dry-run",
        "user import @good.csv",
        "user import @bad.csv",
        "user import @gone.csv",
        "user export @people.csv",
        "user password sato",
        "user password 田中",
        "user factor sato",
        "user factor sato --remove",
        "audit verify",
        "audit list",
    ),
    (
        "superior list",
        "superior add 木村 200 --hours 月-金09:00-18:00",
        "superior add 高橋 09012345678",
        "superior add 高橋 200 --hours foo",
        "superior add 高橋 あ",
        "superior list",
        "superior change 1 --off",
        "superior change 1",
        "superior change 9 --on",
        "superior order 2 1",
        "superior remove 2",
    ),
    (
        "store check",
        "store backup @backup",
        "store migrate",
        "store check",
        "store migrate",
        "store backup @backup",
        "store backup @backup2",
        "store restore @backup2",
        "store restore @bad.csv",
        "store restore @gone",
    ),
    (
        "audit verify",
        "audit --agent",
        "audit list --since yesterday",
        "models list",
        "models fetch nobody",
        "models verify nobody",
        "models verify @folder",
        "analyze @gone.wav",
        "evaluate @gone",
        "evaluate @folder",
        "evaluate-effort @gone",
        "evaluate-effort @folder",
        "evaluate-words",
        "evaluate-words @gone.jsonl",
        "evaluate-words @malformed.jsonl",
        "evaluate-words @empty.jsonl",
        "evaluate-words --calm @empty.jsonl",
        "evaluate-words @cases.jsonl --without-second-opinion --list --jobs 1",
        "train-words --out @out --weight 0",
        "bench soak --shortest 3 --longest 1",
        "bench effort --legs 1 --blocks 1",
        "tap devices",
    ),
)


@pytest.mark.parametrize("commands", RUNS, ids=lambda commands: commands[0])
def test_commands_speak_japanese(
    commands: tuple[str, ...],
    office: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    english = {}
    for each in commands:
        printed = said(each, office, capsys, monkeypatch).replace(str(office), "")
        assert JAPANESE.search(printed), each
        if found := english_lines(printed, names=NAMES):
            english[each] = found
    assert english == {}
