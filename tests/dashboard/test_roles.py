"""The table of rights, asked directly: who may do what to whose calls."""

from __future__ import annotations

import pytest

from kikimori_dashboard.access.roles import RIGHTS, AccessTarget, PersonRole, Right, Scope, may, widest
from kikimori_dashboard.access.who import Principal

OWN, OTHER = AccessTarget("201", "billing"), AccessTarget("205", "billing")
ELSEWHERE, UNKNOWN = AccessTarget("301", "sales"), AccessTarget()

OPERATOR = Principal("o", frozenset({PersonRole.OPERATOR}), frozenset({"201"}), person_id="o")
SUPERVISOR = Principal("s", frozenset({PersonRole.SUPERVISOR}), person_id="s")
OF_TEAM = Principal("t", frozenset({PersonRole.SUPERVISOR}), teams=frozenset({"billing"}), person_id="t")
BOTH = Principal(
    "b", OPERATOR.roles | SUPERVISOR.roles, frozenset({"301"}), frozenset({"billing"}), person_id="b"
)
RECORDS = Principal("r", frozenset({PersonRole.RECORDS}), person_id="r")
ADMIN = Principal("a", frozenset({PersonRole.ADMIN}), person_id="a")
WALL = Principal("w", frozenset({PersonRole.WALL}), person_id="w")
KIOSK = Principal("k", extensions=frozenset({"201"}), kiosk_id="k")


@pytest.mark.parametrize(
    ("who", "right", "yes", "no"),
    [
        (OPERATOR, Right.ESCALATE, [OWN], [OTHER, ELSEWHERE, UNKNOWN]),
        (OPERATOR, Right.COMMAND, [], [OWN, OTHER, UNKNOWN]),
        (OPERATOR, Right.WATCH, [], [OWN, OTHER, UNKNOWN]),
        (OPERATOR, Right.END_CALL, [OWN], [OTHER, ELSEWHERE, UNKNOWN]),
        (OF_TEAM, Right.END_CALL, [OWN, OTHER, UNKNOWN], [ELSEWHERE]),
        (WALL, Right.END_CALL, [], [OWN]),
        (KIOSK, Right.ESCALATE, [OWN], [OTHER, UNKNOWN]),
        (KIOSK, Right.COMMAND, [], [OWN]),
        (KIOSK, Right.ACCOUNT, [], [OWN]),
        (SUPERVISOR, Right.COMMAND, [OWN, OTHER, ELSEWHERE, UNKNOWN], []),
        (OF_TEAM, Right.COMMAND, [OWN, OTHER, UNKNOWN], [ELSEWHERE]),
        (OF_TEAM, Right.WATCH, [OWN, OTHER, UNKNOWN], [ELSEWHERE]),
        (BOTH, Right.COMMAND, [OWN, UNKNOWN], [ELSEWHERE]),
        (BOTH, Right.ESCALATE, [OWN, ELSEWHERE], []),
        (RECORDS, Right.PLAY, [OWN, ELSEWHERE], []),
        (RECORDS, Right.COMMAND, [], [OWN]),
        (RECORDS, Right.WATCH, [], [OWN]),
        (ADMIN, Right.TRANSCRIPT, [], [OWN]),
        (ADMIN, Right.COMMAND, [], [OWN]),
        (ADMIN, Right.PEOPLE, [OWN], []),
        (WALL, Right.WATCH, [OWN, ELSEWHERE], []),
        (WALL, Right.COMMAND, [], [OWN]),
        (WALL, Right.ESCALATE, [], [OWN]),
    ],
)
def test_the_table(who: Principal, right: Right, yes: list[AccessTarget], no: list[AccessTarget]) -> None:
    assert [target for target in yes if not may(who, right, target)] == []
    assert [target for target in no if may(who, right, target)] == []


@pytest.mark.parametrize("right", Right)
def test_every_right_is_somebodys_and_nobody_without_a_role_has_one(right: Right) -> None:
    assert any(right in rights for rights in RIGHTS.values())
    assert not may(Principal("nobody", person_id="n"), right)
    assert not may(Principal("nobody", person_id="n"), right, UNKNOWN)


def test_a_call_of_an_unknown_extension_is_nobodys_own() -> None:
    assert not may(Principal("o", frozenset({PersonRole.OPERATOR}), person_id="o"), Right.ESCALATE, UNKNOWN)


def test_the_widest_scope() -> None:
    assert widest(SUPERVISOR, Right.WATCH) is Scope.ALL
    assert widest(OF_TEAM, Right.WATCH) is Scope.TEAM
    assert widest(OPERATOR, Right.OWN_PAGE) is Scope.OWN
    assert widest(ADMIN, Right.WATCH) is None
