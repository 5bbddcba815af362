"""Names of calls: whatever a PBX calls one, it can stand in a topic."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kikimori_core.model.call import call_id_from
from kikimori_core.wire.topics import check_name


@given(st.text(min_size=1, max_size=256))
def test_any_name_of_a_call_becomes_one_for_topics(text: str) -> None:
    call_id = call_id_from(text)
    assert check_name(call_id) == call_id
    assert call_id_from(text) == call_id


def test_asterisk_names_stay_readable() -> None:
    assert call_id_from("1764000000.42") == "1764000000.42"
    assert call_id_from("SIP/204/x") != call_id_from("SIP/204/y")
