"""The order in which superiors are rung. Pure: no clock, no PBX."""

from __future__ import annotations

from kikimori.unanswered.rounds import AlarmRounds, followers, next_superior
from kikimori_core.wire.messages import Party

LISTED = tuple(Party(number=each) for each in ("200", "201", "202"))


def test_each_superior_is_rung_once_in_order_and_only_when_free() -> None:
    asked = [
        next_superior(LISTED, rung, in_use)
        for rung, in_use in (
            ((), ()),
            (("200",), ()),
            ((), ("200", "201")),
            (("200", "202"), ("201",)),
            (("200", "201", "202"), ()),
        )
    ]
    assert [(found and found.number, reason) for found, reason in asked] == [
        ("200", ""),
        ("201", ""),
        ("202", ""),
        (None, "nobody_free"),
        (None, "nobody_left"),
    ]
    assert next_superior((), (), ()) == (None, "nobody_open")


def test_a_round_belongs_to_one_alert_and_the_oldest_is_forgotten() -> None:
    rounds = AlarmRounds(most=2)
    rounds.of("c1", "a").rung.add("200")
    assert rounds.of("c1", "b").rung == set()
    assert rounds.of("c1", "a").rung == {"200"}
    rounds.of("c2", "c")
    assert rounds.of("c1", "a").rung == {"200"}
    assert rounds.of("c1", "b").rung == set()


def test_who_follows_a_superior_who_does_not_answer() -> None:
    assert followers(LISTED, "201", ()) == ("202", "200")
    assert followers(LISTED, "201", ("202",)) == ("200",)
    # Somebody meant that telephone: a colleague, a queue.
    assert followers(LISTED, "305", ()) == ()
