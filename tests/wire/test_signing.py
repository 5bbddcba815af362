"""Keys, envelopes and the files that hold them: what was not signed so is found out, and damage opens nothing."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import sample
from tests.support.signing import AGENT, DASHBOARD, STRANGER

from kikimori_core.errors import KikimoriError
from kikimori_core.wire.envelope import envelope_of, sealed, unsealed
from kikimori_core.wire.key_store import Identity, KeyTrust, OwnKeys, TrustStore, own_path
from kikimori_core.wire.keys import SigningKey, fingerprint, is_public_key, is_signed_by
from kikimori_core.wire.messages import MAX_PAYLOAD, BadMessageError

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = sample.alert().to_bytes()


@given(text=st.text())
def test_the_exact_bytes_come_back(text: str) -> None:
    body = text.encode("utf-8", "ignore")
    envelope = envelope_of(sealed(body, DASHBOARD))
    assert envelope is not None
    assert (envelope.content, envelope.is_genuine()) == (body, True)


def test_another_spelling_of_the_same_message_is_not_what_was_signed() -> None:
    envelope = json.loads(sealed(MESSAGE, DASHBOARD))
    envelope["body"] = json.dumps(json.loads(envelope["body"]), ensure_ascii=False)
    found = envelope_of(json.dumps(envelope).encode())
    assert found is not None
    assert not found.is_genuine()


@given(flip=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_bit_is_enough(flip: int, bit: int) -> None:
    payload = bytearray(sealed(MESSAGE, DASHBOARD))
    payload[flip % len(payload)] ^= 1 << bit
    try:
        envelope = envelope_of(bytes(payload))
        genuine = envelope is not None and envelope.is_genuine() and envelope.key == DASHBOARD.public
        assert not genuine or envelope is None or envelope.content == MESSAGE
    except BadMessageError:
        return


def test_what_is_no_envelope_stays_as_it_is() -> None:
    assert envelope_of(MESSAGE) is None
    assert unsealed(MESSAGE) == MESSAGE
    assert unsealed(sealed(MESSAGE, AGENT)) == MESSAGE


@pytest.mark.parametrize(
    "payload",
    [
        b'{"body":',
        b'{"body":"x"}',
        b'{"body":1,"key":"x","signature":"y"}',
        b'{"body":"\\ud800","key":"' + b"A" * 43 + b'","signature":"' + b"A" * 86 + b'"}',
        b'{"signature":null}',
        b'{"body":"' + b"x" * MAX_PAYLOAD + b'"}',
    ],
)
def test_a_broken_envelope_is_refused(payload: bytes) -> None:
    with pytest.raises(BadMessageError):
        envelope_of(payload)


def test_no_key_and_no_signature_but_the_real_ones() -> None:
    signature = DASHBOARD.sign(b"x")
    assert is_signed_by(DASHBOARD.public, signature, b"x")
    assert not is_signed_by(STRANGER.public, signature, b"x")
    assert not is_signed_by(DASHBOARD.public, signature, b"y")
    for text in ("", "A" * 43, "A" * 86, "=" * 43, "あ" * 43, "\ud800" * 43, "\0"):
        assert not is_signed_by(text, signature, b"x")
        assert not is_signed_by(DASHBOARD.public, text, b"x")
    # The last of 43 letters has two bits that mean nothing: they must be as we write them.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [DASHBOARD.public[:-1] + each for each in letters]
    assert sum(map(is_public_key, twins)) == 16
    assert sum(is_signed_by(each, signature, b"x") for each in twins) == 1


# --- files


def test_a_key_is_made_once_and_kept_for_its_user_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = Identity.at(state, "agent-front")
    assert Identity.at(state, "agent-front").key.public == first.key.public
    assert Identity.at(state, "agent-back").key.public != first.key.public
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(each.stat().st_mode) == 0o600 for each in state.iterdir())
    assert first.fault == ""


def test_a_folder_that_cannot_be_written_gives_a_key_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in Identity.at(tmp_path / "file" / "state", "dashboard").fault


def test_a_damaged_key_is_told(tmp_path: Path) -> None:
    path = own_path(tmp_path, "dashboard")
    for text in ("", "{", "[]", '{"current":"x"}', '{"current":"AAAA"}', "null"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(KikimoriError, match="damaged"):
            OwnKeys.read(path)


def test_trust_is_given_taken_and_never_given_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "trusted.json"
    cli, running = TrustStore(path), TrustStore(path)
    cli.trust("dashboard", DASHBOARD.public)
    assert running.standing(DASHBOARD.public) is KeyTrust.UNKNOWN
    assert running.reread()
    assert not running.reread()
    assert running.standing(DASHBOARD.public) is KeyTrust.TRUSTED
    assert running.standing(DASHBOARD.public, "another") is KeyTrust.UNKNOWN
    cli.revoke(fingerprint(DASHBOARD.public))
    assert running.reread()
    assert running.standing(DASHBOARD.public) is KeyTrust.REVOKED
    assert running.valid() == []
    with pytest.raises(KikimoriError, match="revoked"):
        cli.trust("dashboard", DASHBOARD.public)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_keys_of_one_name_are_valid_at_a_time(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trusted.json")
    keys = [SigningKey.make().public for _ in range(3)]
    for key in keys[:2]:
        store.trust("dashboard", key)
    with pytest.raises(KikimoriError, match="2 keys already"):
        store.trust("dashboard", keys[2])
    store.revoke(keys[0])
    store.trust("dashboard", keys[2])
    assert {each.key for each in store.valid("dashboard")} == set(keys[1:])


def test_a_damaged_list_changes_nothing_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "trusted.json"
    store = TrustStore(path)
    store.trust("dashboard", DASHBOARD.public)
    path.write_text('{"keys": [{"key": 1}]}', encoding="utf-8")
    assert not store.reread()
    assert "damaged" in store.fault
    assert store.standing(DASHBOARD.public) is KeyTrust.TRUSTED
    with pytest.raises(KikimoriError):
        store.revoke(DASHBOARD.public)
