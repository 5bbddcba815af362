"""Choice of the customer: patterns first, then who called."""

from __future__ import annotations

import pytest

from kikimori.taps.sides import (
    INTERNAL,
    NOT_SELECTED,
    OUTSIDE,
    Endpoint,
    Sides,
    SidesTable,
    Unheard,
    sort_out,
)

TRUNK = Endpoint("PJSIP/trunk", "0355550142", "山田")
DESK = Endpoint("PJSIP/204", "204", "佐藤")
OTHER = Endpoint("PJSIP/205", "205")

OFFICE = SidesTable(
    customer_endpoints=("PJSIP/trunk*",), operator_endpoints=("PJSIP/2??",), operator_numbers=("2??",)
)


@pytest.mark.parametrize("table", [OFFICE, SidesTable(operator_numbers=("2??",)), SidesTable()])
def test_an_incoming_call(table: SidesTable) -> None:
    assert sort_out(table, TRUNK, DESK) == Sides(customer=TRUNK, operator=DESK)


@pytest.mark.parametrize(
    "table",
    [
        OFFICE,
        SidesTable(operator_numbers=("2??",)),
        SidesTable(customer_numbers=("0*",)),
        SidesTable(customer_endpoints=("PJSIP/trunk*",)),
    ],
)
def test_an_outgoing_call(table: SidesTable) -> None:
    assert sort_out(table, DESK, TRUNK) == Sides(customer=TRUNK, operator=DESK)


def test_calls_without_a_customer_or_an_operator() -> None:
    assert sort_out(OFFICE, DESK, OTHER) is INTERNAL
    assert sort_out(OFFICE, TRUNK, TRUNK) is OUTSIDE


def test_a_number_that_the_caller_chose_does_not_make_an_operator() -> None:
    liar = Endpoint("PJSIP/trunk", "204")
    assert sort_out(OFFICE, liar, DESK) == Sides(customer=liar, operator=DESK)


@pytest.mark.parametrize(
    ("table", "queue", "heard"),
    [
        (SidesTable(only_operators=("20?",)), None, True),
        (SidesTable(only_operators=("3??",)), None, False),
        (SidesTable(never_operators=("204",)), None, False),
        (SidesTable(only_operators=("20?",), never_operators=("204",)), None, False),
        (SidesTable(only_queues=("claims",)), "claims", True),
        (SidesTable(only_queues=("claims",)), "sales", False),
        (SidesTable(only_queues=("claims",)), None, False),
    ],
)
def test_only_selected_calls_are_heard(table: SidesTable, queue: str | None, heard: bool) -> None:
    found = sort_out(table, TRUNK, DESK, queue)
    assert isinstance(found, Sides) is heard
    assert heard or found is NOT_SELECTED


def test_reasons_are_stable_words() -> None:
    assert [str(each) for each in (INTERNAL, OUTSIDE, NOT_SELECTED)] == [
        "internal_call",
        "no_operator",
        "not_selected",
    ]
    assert all(isinstance(each, Unheard) for each in (INTERNAL, OUTSIDE, NOT_SELECTED))
