"""Calls found again by what was said and by their attributes, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, select, text
from tests.support.said_calls import BEGIN, keep_said, said_call

from kikimori_records.calls.queries import AlertReason
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.removal import RemovalCause, remove
from kikimori_records.keeping.traces import empty_log, forget_deleted
from kikimori_records.people import NewPerson, add
from kikimori_records.reviews import ReviewedKind, mark_reviewed
from kikimori_records.search import indexing, normal, readings
from kikimori_records.search.filling import AT_ONCE, IndexFilling
from kikimori_records.search.finding import FoundCount, count, find
from kikimori_records.search.indexing import put_recorded, take_out
from kikimori_records.search.question import FoundGroup, HistoryQuestion, words_asked
from kikimori_records.search.tables import search_calls, search_state
from kikimori_records.search.terms import Tag, tag

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store


async def found(store: Store, words: str = "", group: FoundGroup = FoundGroup.EXACT, **more: object) -> str:
    """Names of the calls that are found, newest first."""
    asked = HistoryQuestion(words=words_asked(words), **more)  # type: ignore[arg-type]
    answer = await find(store, asked, group)
    counted = await count(store, asked, group)
    assert counted == FoundCount(len(answer.calls), more=False)
    return " ".join(each.call.call_id for each in answer.calls)


async def keep_office(store: Store) -> None:
    await keep_said(
        store,
        said_call("a", "返金してください", "できかねます", at=BEGIN, kind="refund", team="窓口"),
        said_call("b", "責任者を出せ", "少々お待ち ください。", at=BEGIN + timedelta(hours=1), heard_s=1900.0),
        said_call("c", "変金しろ", "カスハラ です", at=BEGIN + timedelta(hours=2), operator_number="205", team="配送"),
        said_call("d", "金を返せ", "ｶｽﾊﾗですね", "上司、返金！", "返金", at=BEGIN + timedelta(hours=3),
                  caller_number="0312340000", caller_name="架空 太郎", kind="shouting"),
    )  # fmt: skip


async def test_words_of_any_length_are_found(store: Store) -> None:
    await keep_office(store)
    assert await found(store) == "d c b a"
    assert await found(store, "返金") == "d a"
    assert await found(store, "上司") == "d"
    assert await found(store, "ください") == "b a"
    assert await found(store, "金") == "d c a"
    assert await found(store, "かすはら") == await found(store, "カスハラ") == "d c"
    assert await found(store, "返金　カスハラ") == "d"  # each somewhere in the call
    assert await found(store, "返金 責任者") == ""
    assert await found(store, "金返") == ""  # pairs of two lines are no word
    assert await found(store, "！？") == "d c b a"  # nothing to look for


async def test_the_line_is_shown_with_its_words_marked(store: Store) -> None:
    await keep_office(store)
    answer = await find(store, HistoryQuestion(words=words_asked("カスハラ 返金")), FoundGroup.EXACT)
    shown = [(each.role, [(part.text, part.marked) for part in each.parts]) for each in answer.calls[0].lines]
    assert shown == [
        ("operator", [("ｶｽﾊﾗ", True), ("ですね", False)]),
        ("customer", [("上司、", False), ("返金", True), ("！", False)]),
    ]
    assert answer.calls[0].lines[0].start_s == 4.0


@pytest.mark.skipif(not readings.available(), reason="no Sudachi")
async def test_what_only_sounds_so_is_a_group_of_its_own(store: Store) -> None:
    await keep_said(
        store,
        said_call("same", "返金してください"),
        said_call("other", "今日は変金をお願い", at=BEGIN + timedelta(hours=1)),
        said_call("cut", "大変禁止です", at=BEGIN + timedelta(hours=2)),
    )
    assert await found(store, "返金") == "same"
    assert await found(store, "へんきん", FoundGroup.ALIKE) == "other same"
    assert await found(store, "返金", FoundGroup.ALIKE) == "other"
    assert await found(store, "返金 お願い", FoundGroup.ALIKE) == "other"
    asked = HistoryQuestion(words=words_asked("返金"))
    line = (await find(store, asked, FoundGroup.ALIKE)).calls[0].lines[0]
    assert [part.text for part in line.parts if part.marked] == ["変金"]
    assert await found(store, "金", FoundGroup.ALIKE) == ""  # too short to tell by its sound


async def test_attributes_narrow_what_is_found(store: Store) -> None:
    await keep_office(store)
    assert await found(store, operator="205") == "c"
    assert await found(store, "金", operator="204") == "d a"
    assert await found(store, caller="03-1234-0000") == await found(store, caller="架空") == "d"
    assert await found(store, caller="5678") == "c b a"
    assert await found(store, kind="shouting") == "d"
    assert await found(store, at_least_s=1800) == "b"
    assert await found(store, below_s=300, kind="refund") == "a"
    assert await found(store, since=BEGIN + timedelta(hours=1), until=BEGIN + timedelta(hours=3)) == "c b"
    assert await found(store, "返金", until=BEGIN + timedelta(hours=3)) == "a"
    assert await found(store, teams=frozenset({"窓口"})) == "d b a"
    assert await found(store, "カスハラ", teams=frozenset({"窓口"})) == "d"


async def test_calls_at_other_teams_extensions_are_not_seen_where_nobody_is_known(store: Store) -> None:
    """Of a call whose person is known the person's team counts, wherever they sat."""
    known = await add(store, NewPerson("木村"))
    await keep_said(
        store,
        said_call("theirs", "返金してください", at=BEGIN, operator_number="300"),
        said_call("ours", "返金してください", at=BEGIN + timedelta(hours=1), operator_number="300", team="窓口"),
        said_call("of_none", "返金してください", at=BEGIN + timedelta(hours=2), operator_number="300", person_id=known.id),
        said_call("elsewhere", "返金してください", at=BEGIN + timedelta(hours=3), operator_number="204", outcome="transferred"),
        said_call("nowhere", "返金してください", at=BEGIN + timedelta(hours=4), operator_number=None),
    )  # fmt: skip
    seen: dict[str, Any] = {"teams": frozenset({"窓口"}), "hidden_extensions": frozenset({"300", "301"})}
    assert await found(store, **seen) == "nowhere elsewhere of_none ours"
    assert await found(store, "返金", **seen) == "nowhere elsewhere of_none ours"
    assert await found(store, outcome="transferred", **seen) == "elsewhere"
    await mark_reviewed(store, ReviewedKind.CALL, "theirs.r1", call_id="theirs", person_id=known.id, at=BEGIN)
    assert await found(store, reviewed_by=known.id) == "theirs"
    assert await found(store, reviewed_by=known.id, **seen) == ""


async def test_pages_follow_each_other_without_a_gap(store: Store) -> None:
    # All begin in the same millisecond.
    await keep_said(store, *(said_call(f"c{at:03}", "ください", "お待ちください") for at in range(130)))
    asked, before, names = HistoryQuestion(words=("ください",)), None, list[str]()
    while True:
        page = await find(store, asked, FoundGroup.EXACT, before=before, most=50)
        names += [each.call.call_id for each in page.calls]
        if (before := page.before) is None:
            break
    assert sorted(names) == [f"c{at:03}" for at in range(130)]


async def test_calls_over_years_are_found_in_their_order(store: Store) -> None:
    # Many in the last hours, then fewer and fewer: a search that goes back in stretches of time takes each of their lengths.
    names = [f"c{at:02}" for at in range(72)]
    times = [BEGIN - timedelta(hours=0.05 * 1.2**at) for at in range(72)]
    rows = [
        said_call(
            name, "責任者はくだけてださいのさいさい" if at % 3 else "責任者に代わってください", at=times[at]
        )
        for at, name in enumerate(names)
    ]
    await keep_said(store, *reversed(rows))
    assert await found(store, "責任者 ください") == " ".join(names[::3])
    asked, before, pages = HistoryQuestion(words=("責任者",)), None, list[list[str]]()
    while before is not None or not pages:
        page = await find(store, asked, FoundGroup.EXACT, before=before, most=7)
        pages.append([each.call.call_id for each in page.calls])
        before = page.before
    assert [each for page in pages for each in page] == names
    assert {len(each) for each in pages[:-1]} == {7}


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_each_of_many_calls_of_one_millisecond_has_a_number(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "MOST_AT_ONCE", 2)
    await keep_said(store, *(said_call(each, "返金") for each in "abcde"))
    assert await found(store, "返金") == "e d c b a"


async def test_nothing_of_an_erased_call_is_found(store: Store, tmp_path: Path) -> None:
    await keep_office(store)
    cause = RemovalCause("kikimori", "age", BEGIN)
    await remove(store, tmp_path, DataKind.NUMBER, ["d.r1"], cause)
    assert await found(store, caller="架空") == await found(store, caller="0000") == ""
    assert await found(store, "上司") == "d"
    await remove(store, tmp_path, DataKind.WORDS, ["d.r1"], cause)
    assert await found(store, "上司") == ""
    assert await found(store, kind="shouting") == "d"
    await remove(store, tmp_path, DataKind.CALL, ["d.r1"], cause)
    assert await found(store) == "c b a"
    forget_deleted(store.settings)
    async with store.begin() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM search_terms"))).scalar_one() == 3
        if store.settings.is_sqlite:
            await connection.exec_driver_sql(
                "CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search_terms, row)"
            )
            terms = set((await connection.execute(text("SELECT term FROM temp.terms"))).scalars())
            assert "返金" in terms
            assert "上司" not in terms


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", [DataKind.WORDS, DataKind.CALL])
async def test_what_is_removed_while_the_index_is_filled_is_not_in_it(
    store: Store, tmp_path: Path, kind: DataKind
) -> None:
    await keep_office(store)
    async with store.begin() as connection:
        await take_out(connection, "d.r1")
    async with store.begin() as filling:
        await put_recorded(filling, "d.r1")
        removing = asyncio.create_task(
            remove(store, tmp_path, kind, ["d.r1"], RemovalCause("kikimori", "age", BEGIN))
        )
        while not removing.done():
            async with store.read() as connection:
                waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if (await connection.execute(waits)).scalar_one():
                    break
    await removing
    assert await found(store, "上司") == ""
    async with store.begin() as connection:
        await take_out(connection, "c.r1")
        async with store.begin() as filling:
            await put_recorded(filling, "c.r1")  # another transaction has it
    assert await found(store, "カスハラ") == ""


async def test_calls_from_before_the_index_are_put_in_by_and_by(store: Store) -> None:
    many = AT_ONCE + 3
    await keep_said(
        store, *(said_call(f"c{at:02}", "返金", at=BEGIN + timedelta(minutes=at)) for at in range(many))
    )
    async with store.begin() as connection:
        await connection.execute(delete(search_state))
    filling = IndexFilling(store)
    assert await filling.fill_some()  # emptied: nobody knows of which version it is
    assert await filling.fill_some()
    answer = await find(store, HistoryQuestion(words=("返金",)), FoundGroup.EXACT)
    assert (len(answer.calls), answer.complete) == (AT_ONCE, False)
    assert answer.calls[0].call.call_id == f"c{many - 1}"
    while await IndexFilling(store).fill_some():
        pass
    answer = await find(store, HistoryQuestion(words=("返金",)), FoundGroup.EXACT)
    assert (len(answer.calls), answer.complete) == (many, True)
    async with store.read() as connection:
        assert len((await connection.execute(select(search_calls.c.uid))).all()) == many


async def keep_names(store: Store) -> None:
    watanabe = await add(store, NewPerson("渡邉 健"))
    await keep_said(
        store,
        said_call("a", "山﨑です", at=BEGIN, caller_name="髙橋 花子", person_id=watanabe.id),
        said_call(
            "b", "山崎です", at=BEGIN + timedelta(hours=1), caller_name="高橋 一郎", operator_name="𠮷田"
        ),
        said_call("c", "埼玉です", at=BEGIN + timedelta(hours=2), caller_name="齋藤"),
    )


async def find_names(store: Store) -> None:
    """Look for each name in the ways in which it is written."""
    for asked in ("高橋", "髙橋", "髙槗"):
        assert await found(store, caller=asked) == "b a"
    for asked in ("山崎", "山﨑", "﨑"):
        assert await found(store, asked) == "b a"
    for asked in ("渡辺", "渡邊", "邉"):
        assert await found(store, operator=asked) == "a"
    assert await found(store, operator="吉田") == "b"
    assert await found(store, caller="斎藤") == "c"
    # Other letters of other names.
    assert await found(store, caller="斉藤") == await found(store, "崎玉") == ""


async def test_names_are_found_in_every_way_in_which_they_are_written(store: Store) -> None:
    await keep_names(store)
    await find_names(store)
    answer = await find(store, HistoryQuestion(words=("山崎",)), FoundGroup.EXACT)
    assert [each.lines[0].text for each in answer.calls] == ["山崎です", "山﨑です"]
    assert {each.call.caller_name for each in answer.calls} == {"高橋 一郎", "髙橋 花子"}
    assert [part.text for part in answer.calls[1].lines[0].parts if part.marked] == ["山﨑"]


async def test_an_index_from_before_is_made_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its terms took each way of writing for a name of its own."""
    normal._normal_of.cache_clear()
    monkeypatch.setattr(normal, "_VARIANTS", {})
    await keep_names(store)
    async with store.begin() as connection:
        await connection.execute(delete(search_state))
        await connection.execute(insert(search_state).values(name="state", value="1 full"))
    monkeypatch.undo()
    normal._normal_of.cache_clear()
    assert await found(store, caller="高橋") == "b"
    filling = IndexFilling(store)
    while await filling.fill_some():
        pass
    await find_names(store)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_an_index_that_is_made_anew_leaves_nothing_of_the_former_one(store: Store) -> None:
    """A call that is removed later would leave its words there."""
    await keep_said(store, said_call("a", "返金", caller_name="髙橋"))
    name = tag(Tag.CALLER_NAME, normal.normal("髙橋"))[1:].encode()
    file = store.settings.file()
    empty_log(store.settings)
    assert name in file.read_bytes()
    async with store.begin() as connection:
        # Where SQLite was built as usual; Debian's overwrites what it deletes.
        await connection.exec_driver_sql("PRAGMA secure_delete=OFF")
        await connection.execute(delete(search_state))
    assert await IndexFilling(store).fill_some()
    empty_log(store.settings)
    assert name not in file.read_bytes()


async def test_it_is_told_why_a_call_alerted(store: Store) -> None:
    threat = {"ja": "脅迫と思われる言葉", "en": "Words that may be a threat"}
    call = said_call("a", "夜道に気をつけろ", kind="tone", worst="critical")
    (tone,) = call.alerts
    revision = {"number": 3, "media_s": 9.0, "alert": {"title": threat}}
    worse = {
        **tone,
        "rule": "threat",
        "kind": "phrase",
        "severity": "critical",
        "opened_s": 9.0,
        "revisions": [revision],
    }
    await keep_said(
        store,
        replace(
            call,
            alerts=[
                tone,
                *({**worse, "alert_id": each, "opened_s": at} for each, at in (("a.2", 9), ("a.3", 20))),
            ],
        ),
        said_call("b", "お願いします", at=BEGIN + timedelta(hours=1)),
    )
    calm, alerted = (await find(store, HistoryQuestion(words=()), FoundGroup.EXACT)).calls
    assert calm.reasons == ()
    # What was removed with the call's words has no title.
    assert alerted.reasons == (AlertReason("phrase", threat), AlertReason("tone", None))
