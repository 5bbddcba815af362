"""`kikimori user first`, `password` and `factor`: ways in for those who cannot sign in."""

from __future__ import annotations

import asyncio
import io
import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.support.sign_in import add_session
from tests.support.stores import audited, opened

from kikimori.cli.main import main
from kikimori_records.people import person_by_login
from kikimori_records.people.second_factor import recovery_codes_left, set_second_factor
from kikimori_records.sessions import sessions_of
from kikimori_records.settings import StoreSettings

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


async def test_a_lost_second_factor_is_removed_at_the_machine(kikimori: Run, tmp_path: Path) -> None:
    """For the only administrator too, whose sessions end; the audit names the command."""
    run = partial(asyncio.to_thread, kikimori, "user")
    assert (await run("add", "山田", "--login", "yamada", "--role", "admin"))[0] == 0
    assert "has no authenticator app" in (await run("factor", "yamada"))[1]
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        person = await person_by_login(store, "yamada")
        assert person is not None
        await set_second_factor(store, person.id, "SECRET", 1, ["one", "two"])
        await add_session(store, person.id, "t" * 43)
    code, out, err = await run("factor", "yamada")
    assert (code, "recovery codes left: 2" in out + err, "--remove" in out + err) == (0, True, True)
    assert json.loads((await run("list", "--json"))[1])[0]["has_factor"] is True
    code, out, _ = await run("factor", "yamada", "--remove")
    assert (code, "are removed" in out) == (0, True)
    assert "has no authenticator app" in (await run("factor", "yamada", "--remove"))[1]
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        found = await person_by_login(store, "yamada")
        assert found is not None
        assert (found.totp_secret, found.totp_used_step) == (None, None)
        assert await recovery_codes_left(store, person.id) == 0
        assert [each.end_reason for each in await sessions_of(store, person.id)] == ["factor_removed"]
        (entry,) = await audited(store, "factor.remove")
        assert (entry["object_id"], "user factor" in entry["actor_name"]) == (person.id, True)


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
