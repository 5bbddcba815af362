"""State of a lamp, its description for Home Assistant, and the payloads of a button that tell a press."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support import sample

from kikimori_core.wire.messages import Alert, Party, Severity
from kikimori_dashboard import DashboardSettings, settings_from
from kikimori_dashboard.signals.button import is_press, probe
from kikimori_dashboard.signals.lamps import LampState, discovery, is_own_description, lamp_of
from kikimori_dashboard.signals.settings import SignalPlace, SignalSettings
from kikimori_dashboard.site.call_entry import CallEntry

SEAT, OFFICE = SignalPlace(name="a4", title="A列4番", extensions=("204",)), SignalPlace(name="office")
PRESSES = SignalSettings().presses


def alert(name: str, extension: str, severity: Severity, rule_kind: str = "phrase", at_s: int = 0) -> Alert:
    raised_at = sample.alert().raised_at + timedelta(seconds=at_s)
    return sample.alert(name, severity=severity, rule_kind=rule_kind, raised_at=raised_at).model_copy(
        update={"operator": Party(number=extension, name="佐藤 美咲")}
    )


def test_the_worst_open_alert_of_the_place_and_the_oldest_time() -> None:
    alerts = [
        alert("a", "204", Severity.NOTICE, at_s=5),
        alert("b", "204", Severity.WARNING, "escalate", at_s=9),
        alert("c", "205", Severity.CRITICAL, at_s=7),
    ]
    assert lamp_of(SEAT, alerts, {}) == LampState("warning", wants_help=True, since=alerts[0].raised_at)
    assert lamp_of(OFFICE, alerts, {}).severity == "critical"
    assert lamp_of(SEAT, alerts[2:], {}) == LampState()
    assert LampState().payloads()["severity"] == b"calm"
    # A severity of a newer agent is shown as the pages show it.
    assert lamp_of(SEAT, [alert("d", "204", Severity("worse"))], {}).severity == "warning"


def test_the_lamp_is_that_of_whoever_has_the_call_now() -> None:
    raised = alert("a", "204", Severity.CRITICAL)
    call = CallEntry(sample.call(raised.call_id, operator=Party(number="205")))
    assert lamp_of(SEAT, [raised], {raised.call_id: call}) == LampState()


@given(st.builds(Party, number=st.just("204"), name=st.text(min_size=6, max_size=40)))
def test_nothing_of_a_person_or_of_words_is_told(party: Party) -> None:
    raised = sample.alert().model_copy(update={"operator": party, "caller": Party(number="0355550142")})
    told = b"".join(
        [*lamp_of(SEAT, [raised], {}).payloads().values(), *discovery("ha", "main", "b", SEAT).values()]
    ).decode()
    assert party.name is not None
    assert party.name not in told
    assert "0355550142" not in told
    assert "204" not in told.replace(raised.raised_at.isoformat(), "")
    assert not any(title in told for title in raised.title.values())


def test_home_assistant_is_told_of_a_sensor_for_help_and_one_for_the_severity() -> None:
    told = {
        topic: json.loads(payload) for topic, payload in discovery("ha", "main", "k/signals", SEAT).items()
    }
    help_sensor = told["ha/binary_sensor/kikimori_main_a4/help/config"]
    severity = told["ha/sensor/kikimori_main_a4/severity/config"]
    assert (help_sensor["state_topic"], help_sensor["payload_on"]) == ("k/signals/a4/help", "ON")
    assert severity["options"] == ["calm", "notice", "warning", "critical"]
    assert {each["availability_topic"] for each in told.values()} == {"k/signals/availability"}
    assert len({each["unique_id"] for each in told.values()}) == 2


DISCOVERY_TOPIC = re.compile(r"ha/\w+/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config")
"""Home Assistant's form of a topic with a node id: https://www.home-assistant.io/integrations/mqtt/#discovery-topic."""
COMMON = {"name", "unique_id", "state_topic", "availability_topic", "device", "origin", "device_class"}
DOCUMENTED = {
    "binary_sensor": COMMON | {"payload_on", "payload_off"},
    "sensor": COMMON | {"options", "json_attributes_topic"},
}
"""Keys of ours that the pages of the two integrations list."""


def test_what_home_assistant_is_told_is_as_it_documents_it() -> None:
    place = SignalPlace(name="seat.a4", title="A4")
    told = discovery("ha", "osaka.1", "k/signals", place)
    assert len(told) == 2
    for topic, payload in told.items():
        assert DISCOVERY_TOPIC.fullmatch(topic), topic
        said = json.loads(payload)
        assert said.keys() == DOCUMENTED[topic.split("/")[1]]
        assert said["device"].keys() == {"identifiers", "name", "manufacturer"}
        assert said["origin"].keys() == {"name"}
        assert is_own_description(topic, "osaka.1")
    assert is_own_description("ha/sensor/kikimori_osaka.1_seat.a4/severity/config", "osaka.1")


@pytest.mark.parametrize(
    ("payload", "counts"),
    [
        (b'{"action":"single","battery":97,"linkquality":120}', True),  # Zigbee2MQTT
        (b'{"action":"","battery":97}', False),
        (b'{"action":"hold"}', False),
        (  # Shelly, from its second generation on
            b'{"src":"shelly","method":"NotifyEvent","params":{"ts":1,"events":[{"component":"input:0","event":"single_push"}]}}',
            True,
        ),
        (b'{"event":"S","event_cnt":2}', True),  # Shelly, first generation
        (b"PRESS", True),  # Home Assistant
        (b"online", False),
        (b"", False),
        (b"\xff\xfe", False),
        (b"{" * 5000, False),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, False),
        (b'{"action":"single","x":"' + b"x" * 20_000 + b'"}', False),
        (probe("single"), False),
    ],
)
def test_what_counts_as_a_press(payload: bytes, *, counts: bool) -> None:
    assert is_press(payload, PRESSES) is counts


@given(st.binary(max_size=200))
def test_no_payload_breaks_it(payload: bytes) -> None:
    assert is_press(payload, PRESSES) in (True, False)


@pytest.mark.parametrize(
    "tables",
    [
        {"signals": {"enabled": True}, "mqtt": {"username": "dashboard"}},
        {"signals": {"enabled": True, "mqtt": {"username": "dashboard"}}, "mqtt": {"username": "dashboard"}},
        {"signals": {"buttons": [{"extension": "204", "topic": "zigbee2mqtt/#"}]}},
        {"signals": {"places": [{"name": "佐藤"}]}},
    ],
)
def test_settings_that_cannot_work_are_refused(tables: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_from(tables)


def test_it_is_off_unless_it_is_configured() -> None:
    assert not DashboardSettings().signals.enabled
