"""Calls by their events: pure, fed with what the real FreeSWITCH sent and with what may happen besides."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.integrations.freeswitch.test_esl import all_of, captured

from kikimori.integrations.freeswitch.esl import event_from
from kikimori.integrations.freeswitch.tap.tracking import (
    EVENTS,
    CallBegan,
    CallFinished,
    Change,
    FreeSwitchCallTracker,
    OperatorCame,
    OperatorLeft,
)
from kikimori.taps.changes import DigitPressed, HoldChanged
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Party, Role

OFFICE = SidesTable(operator_numbers=("2??",))


def call(customer: str = "c", operator: str = "o", number: str = "204") -> list[dict[str, str]]:
    """A customer calls an extension, which answers."""
    return [
        created(customer, "0355550142", outbound=False),
        created(operator, number, outbound=True),
        bridge(customer, operator),
    ]


def created(uuid: str, number: str, *, outbound: bool, name: str = "sofia/internal/x") -> dict[str, str]:
    return {
        "Event-Name": "CHANNEL_CREATE",
        "Unique-ID": uuid,
        "Channel-Name": name,
        "Call-Direction": "outbound" if outbound else "inbound",
        "Caller-Caller-ID-Number": "0355550142" if outbound else number,
        "Caller-Destination-Number": f"{number}-0x55" if outbound else "204",
        "Channel-Presence-ID": f"{number}@10.0.0.5" if outbound else "",
    }


def bridge(one: str, two: str) -> dict[str, str]:
    return {
        "Event-Name": "CHANNEL_BRIDGE",
        "Unique-ID": one,
        "Bridge-A-Unique-ID": one,
        "Bridge-B-Unique-ID": two,
    }


def unbridge(one: str, two: str) -> dict[str, str]:
    return bridge(one, two) | {"Event-Name": "CHANNEL_UNBRIDGE"}


def event(name: str, uuid: str, **more: str) -> dict[str, str]:
    return {"Event-Name": name, "Unique-ID": uuid} | {
        key.replace("_", "-"): value for key, value in more.items()
    }


def told(tracker: FreeSwitchCallTracker, *events: dict[str, str]) -> list[Change]:
    return [change for each in events for change in tracker.take(each)]


def test_a_captured_call_from_beginning_to_end() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    changes = [
        change
        for message in all_of(captured(), 65536)
        if (found := event_from(message))
        for change in tracker.take(found.headers)
    ]
    began, *rest = changes
    assert isinstance(began, CallBegan)
    assert (began.call.caller, began.call.operator) == (Party(number="0355550142"), Party(number="204"))
    assert began.call.channel == began.call.call_id
    call_id = began.call.call_id
    assert rest == [
        HoldChanged(call_id, on_hold=True),
        HoldChanged(call_id, on_hold=False),
        DigitPressed(call_id, Role.OPERATOR, "*"),
        DigitPressed(call_id, Role.OPERATOR, "9"),
        OperatorLeft(call_id),
        CallFinished(call_id, hung_up=True),
    ]


def test_a_transfer_is_one_call() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    told(tracker, *call())
    came = told(
        tracker,
        unbridge("c", "o"),
        event("CHANNEL_HANGUP_COMPLETE", "o"),
        created("s", "200", outbound=True),
        bridge("s", "c"),
    )
    assert came[0] == OperatorLeft("c")
    assert isinstance(came[-1], OperatorCame)
    assert (came[-1].call.call_id, came[-1].call.operator.number, came[-1].call.operator_channel) == (
        "c",
        "200",
        "s",
    )
    assert told(tracker, event("DTMF", "s", DTMF_Digit="9")) == [DigitPressed("c", Role.OPERATOR, "9")]
    assert told(tracker, event("DTMF", "o", DTMF_Digit="9")) == []


def test_who_fetched_the_customer_is_not_named_after_them() -> None:
    """After `intercept` FreeSWITCH has the customer's number for the operator's name, in events and lists."""
    tracker = FreeSwitchCallTracker(OFFICE)
    began = told(tracker, *call())[0]
    assert isinstance(began, CallBegan)
    borrowed = {"Call-Direction": "outbound", "Caller-Callee-ID-Name": "0355550142"}
    assert told(tracker, unbridge("c", "o"), bridge("o", "c") | borrowed) == [
        OperatorLeft("c"),
        OperatorCame(began.call),
    ]
    other = told(tracker, created("n", "205", outbound=True), bridge("n", "c") | borrowed)[-1]
    assert isinstance(other, OperatorCame)
    assert other.call.operator == Party(number="205")
    rows = [
        {"uuid": "c", "direction": "inbound", "cid_num": "0355550142"},
        {"uuid": "o", "direction": "outbound", "presence_id": "204@x", "callee_name": "0355550142"},
    ]
    fresh = FreeSwitchCallTracker(OFFICE).adopt(rows, [{"uuid": "c", "b_uuid": "o"}])[0]
    assert isinstance(fresh, CallBegan)
    assert fresh.call.operator == Party(number="204")


def test_the_new_operator_may_come_before_the_old_one_leaves() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    told(tracker, *call(), created("s", "200", outbound=True), bridge("c", "s"))
    assert told(tracker, unbridge("c", "o"), event("CHANNEL_HANGUP_COMPLETE", "o")) == []


def test_an_outgoing_call_is_heard_on_the_customers_channel() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    (began,) = told(
        tracker,
        created("o", "204", outbound=False),
        created("c", "0355550142", outbound=True, name="sofia/external/0355550142"),
        bridge("o", "c"),
    )
    assert isinstance(began, CallBegan)
    assert (began.call.channel, began.call.operator_channel) == ("c", "o")
    assert began.call.caller.number == "0355550142"


def test_calls_inside_the_house_are_not_heard() -> None:
    why: list[str] = []
    tracker = FreeSwitchCallTracker(OFFICE, why.append)
    assert (
        told(
            tracker, created("a", "205", outbound=False), created("b", "204", outbound=True), bridge("a", "b")
        )
        == []
    )
    assert why == ["internal_call"]


def test_who_must_never_be_heard_ends_the_listening() -> None:
    tracker = FreeSwitchCallTracker(SidesTable(operator_numbers=("2??",), never_operators=("200",)))
    told(tracker, *call())
    assert told(tracker, created("s", "200", outbound=True), bridge("c", "s")) == [
        CallFinished("c", hung_up=False)
    ]


def test_a_selection_of_operators_does_not_cut_off_the_superior() -> None:
    tracker = FreeSwitchCallTracker(SidesTable(operator_numbers=("2??",), only_operators=("204",)))
    told(tracker, *call())
    (came,) = told(tracker, created("s", "200", outbound=True), bridge("c", "s"))
    assert isinstance(came, OperatorCame)


def test_listening_supervisors_are_no_part_of_the_call() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    told(tracker, *call())
    listener = {**bridge("l", "c"), "variable_kikimori_listener": "true"}
    assert told(tracker, listener) == []


def test_the_customers_own_hold_is_not_ours() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    told(tracker, *call())
    assert told(tracker, event("CHANNEL_HOLD", "c")) == []


ROWS: list[dict[str, object]] = [
    {"uuid": "c", "direction": "inbound", "cid_num": "0355550142", "cid_name": "0355550142", "presence_id": ""},
    {"uuid": "o", "direction": "outbound", "dest": "204-0x55", "presence_id": "204@h", "callee_name": "Outbound Call"},
]  # fmt: skip


def test_calls_that_already_run_are_taken_over() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    (began,) = tracker.adopt(ROWS, [{"uuid": "c", "b_uuid": "o"}])
    assert isinstance(began, CallBegan)
    assert (began.call.caller, began.call.operator) == (Party(number="0355550142"), Party(number="204"))


def test_after_a_loss_what_is_gone_has_ended_and_the_rest_goes_on() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    told(tracker, *call(), *call("c2", "o2", "205"))
    changes = tracker.adopt(ROWS, [{"uuid": "c", "b_uuid": "o"}])
    assert CallFinished("c2", hung_up=True) in changes
    assert [each for each in changes if isinstance(each, CallFinished)] == [CallFinished("c2", hung_up=True)]
    assert "c" in tracker.calls


def test_a_call_that_the_lists_do_not_show_yet_goes_on() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    told(tracker, *call())
    assert tracker.adopt([], [], tracker.involved()) == []
    assert "c" in tracker.calls


TEXT = st.sampled_from(["", "c", "o", "s", "\x00", "x" * 300, "山"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {"Event-Name": st.sampled_from(EVENTS), "Unique-ID": TEXT},
            optional={
                "Other-Leg-Unique-ID": TEXT,
                "Bridge-A-Unique-ID": TEXT,
                "Bridge-B-Unique-ID": TEXT,
                "Old-Unique-ID": TEXT,
                "DTMF-Digit": TEXT,
                "Call-Direction": st.sampled_from(["inbound", "outbound", ""]),
                "Caller-Caller-ID-Number": st.sampled_from(["204", "0355550142", "9" * 500]),
                "Caller-Channel-Created-Time": TEXT,
            },
        ),
        max_size=40,
    )
)
def test_events_in_any_order_keep_calls_whole(events: list[dict[str, str]]) -> None:
    """A call begins once, ends at most once, and tells nothing before or after."""
    tracker = FreeSwitchCallTracker(SidesTable())
    live: set[str] = set()
    for each in events:
        for change in tracker.take(each):
            match change:
                case CallBegan(call=info):
                    assert info.call_id not in live
                    assert info.channel != info.operator_channel
                    live.add(info.call_id)
                case OperatorCame(call=info):
                    assert info.call_id in live
                case CallFinished(call_id=call_id):
                    live.remove(call_id)
                case (
                    OperatorLeft(call_id=call_id)
                    | HoldChanged(call_id=call_id)
                    | DigitPressed(call_id=call_id)
                ):
                    assert call_id in live
    assert live == set(tracker.calls)
