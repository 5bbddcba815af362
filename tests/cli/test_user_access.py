"""`kikimori user first` and `password`: ways in for those who cannot sign in."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from kikimori.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kikimori(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on one store; `typed`: what its standard input holds."""
    config = tmp_path / "kikimori.toml"
    config.write_text(f'[store]\ndir = "{tmp_path / "store"}"\n', encoding="utf-8")

    def run(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = main([*words, "--config", str(config)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_link_as_long_as_no_administrator_can_sign_in(kikimori: Run) -> None:
    """One who was added and has no password cannot."""
    assert kikimori("user", "add", "山田", "--login", "yamada", "--role", "admin")[0] == 0
    code, out, _ = kikimori("user", "first", "--json")
    assert code == 0
    assert json.loads(out)["link"].startswith("http://127.0.0.1:8765/first#first.")
    code, out, err = kikimori("user", "password", "yamada", typed="正しい馬の電池をとめる\n")
    assert (code, "changed at the next login" in out) == (0, True), err
    code, out, err = kikimori("user", "first")
    assert (code, out) == (1, "")
    assert "kikimori user password" in err


@pytest.mark.parametrize(
    ("who", "typed", "said"),
    [
        ("sato", "short\n", "at least 10 characters"),
        ("sato", "\n", "at least 10 characters"),
        ("tanaka", "long enough for me\n", "nobody is 'tanaka'"),
        ("木村", "long enough for me\n", "has no login"),
    ],
)
def test_a_password_that_is_refused(kikimori: Run, who: str, typed: str, said: str) -> None:
    kikimori("user", "add", "佐藤", "--login", "sato")
    kikimori("user", "add", "木村")
    code, _, err = kikimori("user", "password", who, typed=typed)
    assert code != 0
    assert said in err
    assert "next: " in err
    assert not any(each["has_password"] for each in json.loads(kikimori("user", "list", "--json")[1]))
