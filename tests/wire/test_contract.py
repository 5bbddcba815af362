"""Topics and messages go there and back unchanged, garbage is refused with a reason, the document tells the truth."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import sample

from kikimori_core.wire import asyncapi, evidence, messages
from kikimori_core.wire.messages import MAX_PAYLOAD, Alert, BadMessageError, Command, Message
from kikimori_core.wire.topics import TopicKind, Topics, check_name

KINDS = [type(each) for each in sample.every_kind()]


@pytest.mark.parametrize("message", sample.every_kind(), ids=lambda each: type(each).__name__)
def test_every_field_comes_back(message: Message) -> None:
    unfilled = {
        name for name, field in type(message).model_fields.items()
        if not field.is_required() and getattr(message, name) == field.get_default(call_default_factory=True)
    }  # fmt: skip
    # A field that the sample leaves at its default would prove nothing.
    assert unfilled <= {"v", "ended_at", "closed_because", "status", "judging_failed", "accommodated"}
    assert type(message).from_bytes(message.to_bytes()) == message


def test_the_last_messages_of_call_and_alert_come_back() -> None:
    call = sample.ended()
    assert type(call).from_bytes(call.to_bytes()) == call
    alert = sample.alert(state=messages.AlertState.CLOSED, closed_because=messages.ClosedBecause.CALL_ENDED)
    assert Alert.from_bytes(alert.to_bytes()) == alert


def test_the_sample_covers_every_kind_of_message_and_evidence() -> None:
    assert set(KINDS) == set(Message.__subclasses__())
    assert {type(each) for each in sample.EVIDENCE} == set(evidence._Evidence.__subclasses__())


@pytest.mark.parametrize("kind", KINDS)
@given(payload=st.binary(max_size=300))
def test_garbage_is_refused(kind: type[Message], payload: bytes) -> None:
    with pytest.raises(BadMessageError):
        kind.from_bytes(payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@given(number=st.integers(0, len(KINDS) - 1), data=st.data(), value=json_values)
def test_a_wrong_value_anywhere_is_refused_or_understood(
    number: int, data: st.DataObject, value: object
) -> None:
    message = sample.every_kind()[number]
    payload = json.loads(message.to_bytes())
    payload[data.draw(st.sampled_from(sorted(payload)))] = value
    try:
        understood = type(message).from_bytes(json.dumps(payload).encode())
    except BadMessageError:
        return
    assert type(message).from_bytes(understood.to_bytes()) == understood


@given(cut=st.integers(0, 10_000), flip=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_damaged_messages_never_raise_anything_else(cut: int, flip: int, bit: int) -> None:
    for message in sample.every_kind():
        payload = bytearray(message.to_bytes())
        payload[flip % len(payload)] ^= 1 << bit
        for each in (bytes(payload), bytes(payload[: cut % len(payload)])):
            try:
                type(message).from_bytes(each)
            except BadMessageError:
                continue


def test_a_refusal_quotes_no_content() -> None:
    payload = json.loads(sample.line().to_bytes()) | {"start_s": "090-1234-5678"}
    with pytest.raises(BadMessageError) as caught:
        messages.TranscriptLine.from_bytes(json.dumps(payload).encode())
    assert "start_s" in str(caught.value)
    assert "090" not in str(caught.value)


def test_too_large_is_refused_unread() -> None:
    with pytest.raises(BadMessageError, match="bytes is over"):
        Command.from_bytes(b" " * (MAX_PAYLOAD + 1))


def test_a_newer_peer_may_send_more() -> None:
    payload = json.loads(sample.alert().to_bytes()) | {"from_the_future": 1}
    assert Alert.from_bytes(json.dumps(payload).encode()) == sample.alert()


# --- topics

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True)


@given(site=names, name=names)
def test_topics_there_and_back(site: str, name: str) -> None:
    topics = Topics(site).of("agent-1")
    made = {
        TopicKind.CALL_STATE: topics.call_state(name),
        TopicKind.TRANSCRIPT: topics.transcript(name),
        TopicKind.ALERT: topics.alert(name),
        TopicKind.HEALTH: topics.health,
        TopicKind.LEVELS: topics.levels,
        TopicKind.RINGING: topics.ringing,
        TopicKind.COMMAND: topics.commands,
        TopicKind.REPLY: topics.reply(name),
        TopicKind.ACKS: topics.acks,
        TopicKind.INVENTORY: topics.inventory(name),
        TopicKind.DIRECTORY: Topics(site).directory(name),
    }
    assert set(made) == set(TopicKind)
    for kind, topic in made.items():
        parsed = Topics(site).parse(topic)
        assert parsed is not None
        named = (
            "agent-1"
            if kind
            in (TopicKind.HEALTH, TopicKind.LEVELS, TopicKind.RINGING, TopicKind.COMMAND, TopicKind.ACKS)
            else name
        )
        agent = "" if kind is TopicKind.DIRECTORY else "agent-1"
        assert (parsed.kind, parsed.name, parsed.agent_id) == (kind, named, agent)
        assert Topics(site + "x").parse(topic) is None


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a b", "a\n", "\x00", "-a", ".a", "あ", "a" * 129])
def test_what_would_change_a_topic_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be used in an MQTT topic"):
        check_name(name)


# --- document


def test_the_document_is_what_the_code_says() -> None:
    kept = asyncapi.DOCUMENT.read_text(encoding="utf-8")
    assert kept == asyncapi.text(), "run: python -m kikimori_core.wire.asyncapi"


def test_the_document_names_every_topic_and_message() -> None:
    made = asyncapi.document()
    addresses = {channel["address"] for channel in made["channels"].values()}
    assert len(addresses) == len(TopicKind)
    for each in addresses:
        topic = each.replace("{site}", "main")
        for parameter in ("call_id", "alert_id", "agent_id", "client_id", "part"):
            topic = topic.replace("{" + parameter + "}", "x")
        assert Topics("main").parse(topic) is not None
    assert set(made["components"]["messages"]) == {kind.__name__ for kind in KINDS}


def test_every_reference_in_the_document_leads_somewhere() -> None:
    made = asyncapi.document()

    def follow(part: object) -> int:
        if isinstance(part, dict):
            count = 0
            reference = part.get("$ref")
            if isinstance(reference, str):
                here: object = made
                for key in reference.removeprefix("#/").split("/"):
                    assert isinstance(here, dict)
                    here = here[key]
                count = 1
            return count + sum(follow(value) for value in part.values())
        if isinstance(part, list):
            return sum(follow(value) for value in part)
        return 0

    assert follow(made) > 20
