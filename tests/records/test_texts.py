"""Errors of the store and of people are shown in Japanese, with their next step."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from tests.support.english import english_lines

from kikimori_core.errors import KikimoriError
from kikimori_core.messages import in_language
from kikimori_core.wire.opening_hours import BadHoursError, read_hours
from kikimori_records.backup import back_up
from kikimori_records.people import fields
from kikimori_records.people.csv_file import read_csv
from kikimori_records.people.plan import plan_import, sentence
from kikimori_records.restore import restore
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def japanese(words: str) -> str:
    said = in_language(words, "ja")
    assert english_lines(said) == []
    return said


def test_errors_of_a_backup(tmp_path: Path) -> None:
    settings = StoreSettings(dir=tmp_path)
    with pytest.raises(KikimoriError) as raised:
        back_up(settings, io.BytesIO())
    assert japanese(raised.value.message).endswith("データベースがまだありません。")
    file = tmp_path / "no-backup"
    for content in (b"", b"{}\n", b"not JSON\n"):
        file.write_bytes(content)
        with file.open("rb") as opened, pytest.raises(KikimoriError) as raised:
            restore(settings, opened, tmp_path)
        assert "Kikimori のバックアップではない" in japanese(raised.value.message).replace(
            "バックアップではありません", "バックアップではない"
        )
        japanese(raised.value.next_step)


@pytest.mark.parametrize(
    "content",
    [
        "氏名,役割\n佐藤,社長\n" + "x" * 200 + ",\n",
        "氏名,背の高さ\n",
        "氏名,氏名\n",
        "役割\noperator\n",
        "氏名,席の行,無効\n佐藤,0,はい\n鈴木,1,maybe\n木村,1,2,3,4\n",
        "氏名,手元の電話\n佐藤,あ\n",
    ],
)
def test_faults_of_a_file(content: str) -> None:
    with pytest.raises(KikimoriError) as raised:
        read_csv(content.encode())
    lines = japanese(raised.value.message).splitlines()
    assert lines[0] == "何も取り込みませんでした。"
    assert len(lines) > 1
    japanese(raised.value.next_step)


def test_the_plan_of_an_import() -> None:
    with pytest.raises(KikimoriError) as raised:
        plan_import([], read_csv("id,氏名\nnobody,A\n,\n".encode()))
    assert "2 行目：ID 'nobody' の人はいません" in japanese(raised.value.message)
    plan = plan_import([], read_csv("氏名,ログイン,内線\n佐藤,sato,204 205\n".encode()))
    assert japanese(sentence(plan.add[0])) == "追加 佐藤 (sato)：ログイン名 sato、内線 204 205"
    assert sentence(plan.add[0]) == "add 佐藤 (sato): login sato, extensions 204 205"


@pytest.mark.parametrize("text", ["mon-fri", "foo 09:00-18:00", "mon-foo 09:00-18:00", "mon 9-18"])
def test_hours_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadHoursError) as raised:
        read_hours(text)
    japanese(raised.value.args[0])


@pytest.mark.parametrize(
    ("read", "given"),
    [(fields.name, ""), (fields.login, "a b"), (fields.roles, "king"), (fields.name, "a\x00")],
)
def test_fields_that_cannot_be_read(read: Callable[[str], object], given: str) -> None:
    with pytest.raises(fields.FieldError) as raised:
        read(given)
    japanese(raised.value.args[0])
