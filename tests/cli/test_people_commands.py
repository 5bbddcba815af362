"""`kikimori user`: what it changes, what it says, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def listed(run_kikimori: Run, *more: str) -> list[dict[str, Any]]:
    code, out, _ = run_kikimori("user", "list", "--json", *more)
    assert code == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_a_person_is_added_changed_and_disabled(run_kikimori: Run) -> None:
    assert run_kikimori("user", "list")[2].startswith("nobody is in the directory yet")
    code, out, _ = run_kikimori(
        "user", "add", "佐藤 美咲", "--login", "Ｓａｔｏ", "--role", "オペレーター", "--extension", "204, 205"
    )
    assert (code, out) == (0, "added 佐藤 美咲 (sato): operator\n")
    (person,) = listed(run_kikimori)
    assert person | {"id": ""} == {
        "id": "", "name": "佐藤 美咲", "login": "sato", "roles": ["operator"], "extensions": ["204", "205"],
        "telephone": None, "team": None, "queue": None, "seat_row": None, "seat_column": None,
        "disabled_at": None, "has_password": False, "has_factor": False,
    }  # fmt: skip
    assert run_kikimori("user", "change", "sato", "--team", "A", "--extension", "")[0] == 0
    code, out, err = run_kikimori("user", "role", "佐藤 美咲", "--add", "supervisor", "--remove", "operator")
    assert (code, out, err) == (0, "佐藤 美咲 (sato): supervisor\n", "")
    assert run_kikimori("user", "disable", "sato")[1] == "佐藤 美咲 (sato): is disabled\n"
    assert listed(run_kikimori) == []
    (person,) = listed(run_kikimori, "--all")
    assert (person["team"], person["extensions"], person["roles"]) == ("A", [], ["supervisor"])
    assert person["disabled_at"] is not None
    assert run_kikimori("user", "disable", "sato", "--undo")[0] == 0
    assert len(listed(run_kikimori)) == 1
    assert "佐藤 美咲" in run_kikimori("user", "list")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("user", "add", " "), "--name: name: ' ' is empty"),
        (("user", "add", "A", "--role", "king"), "--role: roles: 'king' is no role"),
        (("user", "add", "A", "--seat-row", "x"), "--seat-row: seat_row: 'x' is no seat"),
        (("user", "role", "nobody", "--add", "admin"), "nobody is 'nobody'"),
        (("user", "change", "nobody"), "nothing to change was given"),
    ],
)
def test_what_cannot_be_is_refused_in_words(run_kikimori: Run, words: tuple[str, ...], said: str) -> None:
    code, out, err = run_kikimori(*words)
    assert (code, out) == (1, "")
    assert said in err
    assert "  next: " in err


def test_a_file_is_imported_whole_or_not_at_all(run_kikimori: Run, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(
        "氏名,ログイン,役割,内線\r\n佐藤,sato,オペレーター,204\r\n木村,kimura,監督者,\r\n".encode("cp932")
    )
    code, out, _ = run_kikimori("user", "import", str(file), "--dry-run")
    assert (code, out.splitlines()) == (
        0,
        [
            "add 佐藤 (sato): login sato, roles operator, extensions 204",
            "add 木村 (kimura): login kimura, roles supervisor",
            "would be added: 2, would be changed: 0, the same as before: 0",
        ],
    )
    assert listed(run_kikimori) == []
    assert run_kikimori("user", "import", str(file))[1].endswith(
        "added: 2, changed: 0, the same as before: 0\n"
    )
    assert run_kikimori("user", "import", str(file))[1] == "added: 0, changed: 0, the same as before: 2\n"
    file.write_text("氏名,ログイン,役割\n新人,new,オペレーター\n佐藤,sato,王様\n", encoding="utf-8")
    code, _, err = run_kikimori("user", "import", str(file))
    assert code == 1
    assert "nothing was imported\nline 3: roles: '王様' is no role" in err
    assert len(listed(run_kikimori)) == 2


def test_what_is_exported_is_read_again(run_kikimori: Run, tmp_path: Path) -> None:
    run_kikimori("user", "add", "佐藤", "--role", "operator", "--extension", "204")
    run_kikimori("user", "add", "木村", "--login", "kimura", "--role", "supervisor", "--telephone", "211")
    file = tmp_path / "people.csv"
    for encoding in ("utf-8-sig", "utf-8", "cp932"):
        assert run_kikimori("user", "export", str(file), "--encoding", encoding)[0] == 0
        assert run_kikimori("user", "import", str(file))[1] == "added: 0, changed: 0, the same as before: 2\n"


def test_the_last_administrator_is_kept(run_kikimori: Run) -> None:
    run_kikimori("user", "add", "佐藤", "--login", "sato", "--role", "admin")
    code, _, err = run_kikimori("user", "role", "sato", "--remove", "admin")
    assert code == 1
    assert "last administrator" in err


def test_a_name_is_no_markup(run_kikimori: Run) -> None:
    run_kikimori("user", "add", "[red]佐藤[/b]")
    assert "[red]佐藤[/b]" in run_kikimori("user", "list")[1]


def test_customers_are_imported_listed_and_exported(run_kikimori: Run, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_bytes(
        "電話番号,お客様名,契約,担当,お話しのしかた\n03-1234-5678,髙橋 商店,A-1,木村,結論から\n".encode(
            "cp932"
        )
    )
    code, out, _ = run_kikimori("customers", "import", str(file), "--dry-run")
    assert (code, "髙橋 商店" in out, "would be added: 1" in out) == (0, True, True)
    assert json.loads(run_kikimori("customers", "list", "--json")[1]) == []
    assert run_kikimori("customers", "import", str(file))[0] == 0
    file.write_text("number,in_charge\n+81 3 1234 5678,佐藤\n", encoding="utf-8")
    code, out, _ = run_kikimori("customers", "import", str(file), "--json")
    said = json.loads(out)
    assert (said["changed"], said["changes"][0]["changed"]) == (1, {"in_charge": ["木村", "佐藤"]})
    (customer,) = json.loads(run_kikimori("customers", "list", "--json")[1])
    assert (customer["numbers"], customer["in_charge"]) == (["03-1234-5678"], "佐藤")
    assert run_kikimori("customers", "export", str(tmp_path / "out.csv"), "--encoding", "cp932")[0] == 0
    assert "髙橋 商店" in (tmp_path / "out.csv").read_bytes().decode("cp932")
    file.write_text("番号,氏名\n非通知,x\n", encoding="utf-8")
    assert "line 2" in run_kikimori("customers", "import", str(file))[2]
