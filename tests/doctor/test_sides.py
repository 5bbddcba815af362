"""`[sides]` as the doctor sees it: what would shut every call out, and what would catch nothing."""

from __future__ import annotations

import pytest

from kikimori.doctor.sides import look_at_sides
from kikimori.taps.sides import SidesTable

TRUNK = ("PJSIP/trunk*",)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"customer_endpoints": ("*",)}, "two customers"),
        ({"customer_numbers": ("*",)}, "two customers"),
        ({"operator_endpoints": ("*",)}, "internal"),
        ({"operator_numbers": ("?*",)}, "internal"),
        ({"customer_endpoints": TRUNK, "never_operators": ("*",)}, "never_operators catches every"),
        ({"only_operators": ("2??",), "never_operators": ("2??",)}, "never wins"),
    ],
)
def test_patterns_that_shut_every_call_out_are_faults(table: dict[str, tuple[str, ...]], words: str) -> None:
    found = look_at_sides(SidesTable.model_validate(table), needed=True)
    assert [each.state for each in found] == ["fault"]
    assert words in found[0].detail
    assert found[0].next_step


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("^2[0-9]+$", "regular expression"),
        ("2.*", "regular expression"),
        ("_2XX", 'write "2??"'),
        ("0X.", 'write "0?*"'),
        (" 2??", 'write "2??"'),
        ("2[0-9", "bracket"),
    ],
)
def test_patterns_that_catch_nothing_are_pointed_out(pattern: str, words: str) -> None:
    (found,) = look_at_sides(SidesTable(operator_numbers=(pattern,)), needed=True)
    assert found.state == "warning"
    assert words in found.detail + found.next_step


@pytest.mark.parametrize("pattern", ["PJSIP/trunk-0000002a", "PJSIP/trunk-0000*", "PJSIP/trunk-????????"])
def test_a_channels_running_number_is_no_part_of_its_name(pattern: str) -> None:
    (found,) = look_at_sides(SidesTable(customer_endpoints=(pattern,)), needed=True)
    assert found.state == "warning"
    assert found.next_step == 'write "PJSIP/trunk"'


def test_nothing_written_is_fine_where_the_pbx_says_who_is_who() -> None:
    assert [each.state for each in look_at_sides(SidesTable(), needed=False)] == ["ok"]
    (found,) = look_at_sides(SidesTable(), needed=True)
    assert found.state == "warning"
    assert "whoever called" in found.detail


@pytest.mark.parametrize(
    "table",
    [
        {"customer_endpoints": TRUNK},
        {"customer_endpoints": ("PJSIP/trunk", "SIP/carrier-main", "DAHDI/i1")},
        {"customer_endpoints": TRUNK, "operator_endpoints": ("*",)},  # everything else
        {"operator_numbers": ("2??",), "customer_numbers": ("*",)},  # everything else
        {"operator_endpoints": ("PJSIP/2??*",), "never_operators": ("299",), "only_queues": ("sales",)},
        {"customer_endpoints": ("sofia/gateway/*", "*@carrier.example")},
    ],
)
def test_what_offices_write_is_fine(table: dict[str, tuple[str, ...]]) -> None:
    found = look_at_sides(SidesTable.model_validate(table), needed=True)
    assert [each.state for each in found] == ["ok"], found
