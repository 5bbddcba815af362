"""The id of an alert: the same for the same, another one for anything else, and always fit for a topic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kikimori_core.model.alert import alert_id, run_name
from kikimori_core.wire.topics import is_name

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)


@given(call=names, rule=st.from_regex(r"[a-z0-9-]{1,48}", fullmatch=True), ordinal=st.integers(1, 99_999))
def test_it_is_a_name_and_tells_runs_apart(call: str, rule: str, ordinal: int) -> None:
    now = datetime.now(UTC)
    runs = ["", run_name(now), run_name(now + timedelta(milliseconds=1))]
    made = [alert_id(f"{call}-10000", run, rule, ordinal) for run in runs]
    assert all(is_name(each) for each in made)
    assert len(set(made)) == 3
    assert made == [alert_id(f"{call}-10000", run, rule, ordinal) for run in runs]


def test_a_recording_gives_the_same_ids_whenever_it_is_analysed() -> None:
    assert alert_id("c1", "", "shouting", 1) == "c1.shouting.1"
