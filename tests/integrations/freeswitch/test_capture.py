"""The committed test peer against what the real FreeSWITCH sent: whoever reads one must be able to read the other."""

from __future__ import annotations

import asyncio

from tests.integrations.freeswitch.test_esl import all_of, captured
from tests.support.deadline import WITHIN_S
from tests.support.freeswitch.switch import Switch

from kikimori.integrations.freeswitch.client import EslClient
from kikimori.integrations.freeswitch.esl import Event, event_from
from kikimori.integrations.freeswitch.tap.tracking import EVENTS

SAME = (
    "Call-Direction", "Caller-Caller-ID-Number", "Channel-Presence-ID", "Caller-Callee-ID-Name", "Hangup-Cause",
    "DTMF-Digit", "variable_dialed_user",
)  # fmt: skip
"""Headers that the tap reads and whose values are the story's, not of a moment or a registration."""
NAMES = ("Unique-ID", "Other-Leg-Unique-ID", "Bridge-A-Unique-ID", "Bridge-B-Unique-ID")
PRESENT = ("Channel-Name", "Caller-Destination-Number", "Caller-Channel-Created-Time")


def story(events: list[Event]) -> list[dict[str, str]]:
    """Events as what the tap reads of them; the customer's channel is A, the operator's B."""
    customer = events[0].uuid
    return [
        {name: event.get(name) for name in ("Event-Name", *SAME) if event.get(name)}
        | {name: "A" if event.get(name) == customer else "B" for name in NAMES if event.get(name)}
        | {name: "" for name in PRESENT if event.get(name)}
        for event in events
    ]


async def test_the_peer_tells_a_call_as_the_real_one_does() -> None:
    heard: list[Event] = []
    switch = Switch("secret")
    await switch.start()
    client = EslClient("127.0.0.1", switch.port, lambda: "secret", events=EVENTS, on_event=heard.append)
    running = asyncio.create_task(client.run())
    try:
        async with asyncio.timeout(WITHIN_S):
            while not client.up:  # noqa: ASYNC110  (sets no event)
                await asyncio.sleep(0.01)
        customer, operator = switch.dial_in("0355550142", "", "204")
        switch.hold(operator, on=True)
        switch.hold(operator, on=False)
        switch.press(operator, "*")
        switch.press(operator, "9")
        switch.end(operator)
        switch.end(customer)
        async with asyncio.timeout(WITHIN_S):
            while len(heard) < 12:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await switch.stop()
    real = [
        event for each in all_of(captured(), 65536) if (event := event_from(each)) and event.name in EVENTS
    ]
    theirs = story(real)
    for told in story(heard):
        same = [each for each in theirs if told.items() <= each.items()]
        assert same, told
    assert sorted(each.name for each in heard) == sorted(each.name for each in real)
