"""CSV files of people: what Excel and people write is read, and a fault in one line imports nothing."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.stores import audited

from kikimori_core.errors import KikimoriError
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people import NewPerson, Person, list_people
from kikimori_records.people.changes import Author, LastAdminError, change_person, import_people
from kikimori_records.people.csv_file import BadCsvError, read_csv, write_csv
from kikimori_records.people.plan import ImportPlan, plan_import, sentence
from kikimori_records.people.queries import add

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOW = datetime(2026, 11, 28, tzinfo=UTC)
BY = Author(ActorKind.PROGRAM, "kikimori user import (test)")
JAPANESE = "氏名,ログイン,役割,内線,席の行\r\n佐藤 美咲,sato,オペレーター,204、205,2\r\n木村,kimura,監督者 管理者,,\r\n"
ENGLISH = "name\tlogin\troles\textensions\tseat_row\n佐藤 美咲\tsato\toperator\t204 205\t2\n木村\tkimura\tadmin supervisor\t\t\n"


def person(name: str, **fields: Any) -> Person:
    given: dict[str, Any] = {"login": None, "roles": frozenset(), "extensions": frozenset()}
    number = fields.pop("id", f"id-{name}")
    return Person(id=number, name=name, created_at=NOW, changed_at=NOW, **(given | fields))


@pytest.mark.parametrize(
    "content",
    [
        JAPANESE.encode(),
        codecs.BOM_UTF8 + JAPANESE.encode(),
        JAPANESE.encode("cp932"),
        JAPANESE.replace("\r\n", "\n").encode(),
        ENGLISH.encode("utf-16"),
        ENGLISH.encode(),
        JAPANESE.replace(",", ";").encode(),
        JAPANESE.replace("204、205", "２０４　２０５").encode("cp932"),
    ],
)
def test_whatever_a_table_program_writes_is_read(content: bytes) -> None:
    first, second = read_csv(content)
    assert first.line == 2
    assert first.values == {
        "name": "佐藤 美咲",
        "login": "sato",
        "roles": frozenset({"operator"}),
        "extensions": frozenset({"204", "205"}),
        "seat_row": 2,
    }
    assert second.values["roles"] == {"supervisor", "admin"}


def test_letters_that_only_windows_has_are_read() -> None:
    (row,) = read_csv("氏名\r\n髙﨑 ①\r\n".encode("cp932"))
    assert row.values == {"name": "髙﨑 ①"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "first line must name"),
        ("名簿,ログイン\nx,y\n", "line 1: '名簿' is no column"),
        ("氏名,名前\nx,y\n", "there twice"),
        ("氏名,役割\n佐藤,社長\n木村,管理者\n", "line 2: roles: '社長' is no role"),
        ("氏名,内線\n佐藤,20 4;x y!\n", "line 2: extensions: 'y!'"),
        ("氏名,席の行\n佐藤,front\n", "line 2: seat_row"),
        ("氏名,無効\n佐藤,たぶん\n", "line 2: disabled"),
        ('氏名\n"佐\n藤"\n\n佐藤,余分,な\n', "line 5"),
        ("氏名\n" + "長" * 200 + "\n", "too long"),
        ("氏名,ログイン\n佐藤,a b\n", "line 2: login"),
        ('氏名\n"佐藤\n', "this is no CSV"),
    ],
)
def test_a_fault_is_told_with_its_line(content: str, said: str) -> None:
    with pytest.raises(BadCsvError, match="nothing was imported") as caught:
        read_csv(content.encode())
    assert said in str(caught.value)


def test_every_fault_of_a_file_is_told_at_once() -> None:
    with pytest.raises(BadCsvError) as caught:
        read_csv("氏名,役割\n,管理者\n佐藤,社長\n木村,管理者\n田中,部長\n".encode())
    assert [each.line for each in caught.value.faults] == [2, 3, 5]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        read_csv(content)
    except BadCsvError:
        return


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20)


@settings(max_examples=200, deadline=None)
@given(st.lists(NAMES, max_size=5, unique=True), st.sampled_from(["ja", "en"]))
def test_what_is_written_changes_nothing_when_it_is_read(names: list[str], language: Any) -> None:
    people = [
        person(
            normalize("NFC", name), id=name, telephone="+81312345678", team="'=1+1", roles=frozenset({"wall"})
        )
        for name in names
    ]
    plan = plan_import(people, read_csv(write_csv(people, language)))
    assert (plan.add, plan.change, plan.unchanged) == ((), (), len(people))


def test_a_formula_is_written_as_text() -> None:
    content = write_csv([person("=HYPERLINK(1)")], "ja", "cp932").decode("cp932")
    assert "'=HYPERLINK(1)" in content
    with pytest.raises(KikimoriError, match="Shift_JIS has no letter"):
        write_csv([person("😀")], "ja", "cp932")


# --- what a file would do


def planned(known: list[Person], text: str) -> ImportPlan:
    return plan_import(known, read_csv(text.encode()))


def test_people_are_found_by_id_login_or_their_only_name() -> None:
    known = [
        person("佐藤", login="sato", team="A"),
        person("木村"),
        person("林", id="h1"),
        person("林", id="h2"),
    ]
    plan = planned(known, "id,ログイン,氏名,チーム\n,sato,佐藤 美咲,B\n,,木村,C\nh2,,林,D\n,new,新人,A\n")
    assert [sentence(each) for each in (*plan.add, *plan.change)] == [
        "add 新人 (new): login new, team A",
        "change 佐藤 (sato): name: 佐藤 → 佐藤 美咲, team: A → B",
        "change 木村: team: (none) → C",
        "change 林: team: (none) → D",
    ]
    with pytest.raises(BadCsvError, match="2 people are named 林"):
        planned(known, "氏名,チーム\n林,D\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("氏名,ログイン\nA,x\nB,x\n", "line 3: the same person as in line 2"),
        ("id,氏名\nnobody,A\n", "line 2: nobody has the id 'nobody'"),
        ("id,氏名,ログイン\nid-木村,木村,sato\n", "line 2: another person signs in as sato"),
        ("ログイン,チーム\nunknown,A\n", "line 2: a new person needs a name"),
    ],
)
def test_lines_that_contradict_are_told(text: str, said: str) -> None:
    with pytest.raises(BadCsvError) as caught:
        planned([person("佐藤", login="sato"), person("木村")], text)
    assert said in str(caught.value)


def test_a_column_that_is_not_there_changes_nothing() -> None:
    known = [person("佐藤", login="sato", team="A", extensions=frozenset({"204"}))]
    assert planned(known, "氏名\n佐藤\n").unchanged == 1
    (cleared,) = planned(known, "氏名,チーム,ログイン\n佐藤,,\n").change
    assert cleared.values == {"team": None}


# --- carried out, on both engines


async def test_an_import_is_whole_and_audited(store: Store) -> None:
    await add(store, NewPerson("佐藤", login="sato", team="A"))
    rows = read_csv(
        "氏名,ログイン,チーム,無効\n佐藤,sato,B,はい\nRobert'); DROP TABLE people;--,bob,<b>,\n".encode()
    )
    await import_people(store, plan_import(await list_people(store), rows), BY)
    people = {each.login: each for each in await list_people(store, disabled=True)}
    assert people["sato"].team == "B"
    assert people["sato"].disabled_at is not None
    assert (people["bob"].name, people["bob"].team) == ("Robert'); DROP TABLE people;--", "<b>")
    found = await audited(store)
    assert [each["action"] for each in found] == ["person.change", "person.disable", "person.add"]
    assert found[0]["details"]["changed"]["team"] == ["A", "B"]
    assert {each["actor_name"] for each in found} == {BY.name}


async def test_an_import_that_meets_a_fault_halfway_imports_nothing(store: Store) -> None:
    await add(store, NewPerson("佐藤", login="sato"))
    plan = planned(await list_people(store), "氏名,ログイン\n佐藤 美咲,sato\n木村,kimura\n高橋,taka\n")
    # Meanwhile somebody else takes a login of the file.
    await add(store, NewPerson("別人", login="taka"))
    with pytest.raises(KikimoriError, match="another person signs in as taka"):
        await import_people(store, plan, BY)
    assert [each.name for each in await list_people(store)] == ["佐藤", "別人"]
    assert await audited(store) == []


async def test_the_last_administrator_stays_one(store: Store) -> None:
    first = await add(store, NewPerson("佐藤", login="sato", roles=frozenset({"admin"})))
    for refused in ({"roles": frozenset({"operator"})}, {"login": None}):
        with pytest.raises(LastAdminError):
            await change_person(store, first.id, refused, BY)
    with pytest.raises(LastAdminError):
        await change_person(store, first.id, {}, BY, disabled=True)
    await add(store, NewPerson("木村", login="kimura", roles=frozenset({"admin"})))
    changed = await change_person(store, first.id, {"roles": frozenset({"operator"})}, BY)
    assert changed.roles == {"operator"}
    (entry,) = await audited(store)
    assert entry["details"]["changed"] == {"roles": [["admin"], ["operator"]]}


async def test_a_role_that_somebody_gives_themselves_is_marked(store: Store) -> None:
    person_ = await add(store, NewPerson("佐藤", login="sato", roles=frozenset({"admin"})))
    own = Author(ActorKind.PERSON, person_.name, person_.id)
    await change_person(store, person_.id, {"roles": frozenset({"admin", "supervisor"}), "name": "佐藤"}, own)
    (entry,) = await audited(store)
    assert entry["details"]["own"] is True
    # The same once more is no change.
    await change_person(store, person_.id, {"roles": frozenset({"admin", "supervisor"})}, own)
    assert len(await audited(store)) == 1
