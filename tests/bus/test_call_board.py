"""Content of the board while the broker is away: enough to clear what the broker holds, and no more."""

from __future__ import annotations

from tests.support import sample

from kikimori.bus.call_board import ENDED_LIMIT, CallBoard


def live_and_die(board: CallBoard, call_id: str) -> list[str]:
    board.put(sample.call(call_id))
    board.shed()
    board.put(sample.ended(call_id))
    return board.shed()


def test_a_week_without_a_broker_leaves_nothing_to_clear() -> None:
    board = CallBoard(())
    forgotten = [each for number in range(3 * ENDED_LIMIT) for each in live_and_die(board, f"call-{number}")]
    assert forgotten == [f"call-{number}" for number in range(2 * ENDED_LIMIT)]
    assert board.untold == ENDED_LIMIT
    assert board.states_dropped == 2 * ENDED_LIMIT


def test_what_the_broker_was_told_of_is_cleared_however_long_it_was_away() -> None:
    board = CallBoard(["left-by-an-earlier-run"])
    board.put(sample.call("told"))
    state, _ = board.look("told")
    board.told("told", state, cleared=False)
    board.put(sample.ended("told"))
    for number in range(3 * ENDED_LIMIT):
        live_and_die(board, f"call-{number}")
    assert board.look("told") == (None, True)
    assert board.look("left-by-an-earlier-run") == (None, True)
    assert board.untold == ENDED_LIMIT + 2


def test_the_last_states_are_told_in_order_and_then_gone() -> None:
    board = CallBoard(())
    for number in range(ENDED_LIMIT + 1):
        live_and_die(board, f"call-{number}")
    told = []
    while (call_id := board.next_untold()) is not None:
        state, clear = board.look(call_id)
        assert state is not None
        assert clear
        board.told(call_id, state, cleared=True)
        told.append(call_id)
    assert told == [f"call-{number}" for number in range(1, ENDED_LIMIT + 1)]
    assert live_and_die(board, "next") == []
