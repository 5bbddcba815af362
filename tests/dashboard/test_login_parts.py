"""Delays, passwords, second factor: without sockets or a database."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from argon2 import PasswordHasher
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from kikimori_dashboard.access.delays import FREE_OF_ADDRESS, FREE_OF_USER, LONGEST_S, MOST_KEPT, LoginDelays
from kikimori_dashboard.access.passwords import Passwords, fault_of
from kikimori_dashboard.access.totp import (
    STEP_S,
    new_recovery_codes,
    new_secret,
    picture_of,
    recovery_hash,
    step_of,
    uri_of,
)

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_delays_grow_to_half_a_minute_and_are_of_the_user() -> None:
    delays, now, waited = LoginDelays(), 0.0, []
    for number in range(12):
        delays.try_now("sato", f"192.0.2.{number}", now)
        waited.append(delays.wait_s("sato", "198.51.100.1", now))
        now += waited[-1]
    assert waited[:FREE_OF_USER] == [0.0] * FREE_OF_USER
    assert waited[FREE_OF_USER:] == [1, 2, 4, 8, 16] + [LONGEST_S] * (12 - FREE_OF_USER - 5)
    assert delays.wait_s("suzuki", "198.51.100.1", now) == 0


def test_one_address_that_tries_many_names_waits_too() -> None:
    delays = LoginDelays()
    for number in range(FREE_OF_ADDRESS + 3):
        delays.try_now(f"name{number}", "192.0.2.1", 0.0)
    assert delays.wait_s("another", "192.0.2.1", 0.0) > 0
    assert delays.wait_s("another", "192.0.2.2", 0.0) == 0


def test_a_right_password_ends_the_delay_of_the_user() -> None:
    delays = LoginDelays()
    for _ in range(5):
        delays.try_now("sato", "192.0.2.1", 0.0)
    delays.succeeded("sato", "192.0.2.1")
    assert delays.wait_s("sato", "192.0.2.1", 0.0) == 0


def test_delays_are_bounded_in_memory() -> None:
    delays = LoginDelays()
    for number in range(MOST_KEPT + 10):
        delays.try_now(f"name{number}", f"address{number}", 0.0)
    assert len(delays._users) == MOST_KEPT


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", "password_short"),
        ("a" * 300, "password_long"),
        ("aaaaaaaaaaaa", "password_one_character"),
        ("Kachou.Kimura", "password_is_login"),
        ("password123", "password_common"),
        ("P@ssw0rd2026", "password_common"),
        ("qwertyuiop12", "password_common"),
        ("1234567890", "password_common"),
        ("kikimori2026", "password_common"),
        ("tanaka1985", "password_common"),
        ("only lower case", None),
        ("Xv8#kq2TzL", None),
        ("電話" * 100, "password_common"),
        ("朝の電話は三回鳴るまでに出て、名前をゆっくり言う。" * 5, None),
        ("電話をよく聞いて守る人", None),
    ],
)
def test_the_rules_of_a_new_password(password: str, fault: str | None) -> None:
    assert fault_of(password, "kachou.kimura") == fault


def test_leaked_passwords_are_refused_alone_and_with_digits() -> None:
    """A sample of the list: all of it takes half a minute."""
    leaked = FREQUENCY_LISTS["passwords"]
    tried = [
        *[each for each in leaked if len(each) >= 10][::25],
        *[f"{each}2026" for each in leaked[200::600]],
    ]
    assert len(tried) > 80
    passed = [each for each in tried if fault_of(each, "kimura") not in ("password_common", "password_short")]
    assert passed == []


async def test_a_password_is_one_whatever_keyboard_composed_it() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    made = await passwords.hash("カガミ of 1001")
    assert made.startswith("$argon2id$")
    assert await passwords.check(made, "カカ\u3099ミ of 1001")
    assert not await passwords.check(made, "カガミ of 1002")
    assert not await passwords.check(None, "of nobody")
    passwords.close()


def test_a_code_is_good_once_and_for_a_minute_and_a_half() -> None:
    secret = new_secret()
    code = pyotp.TOTP(secret).at(NOON)
    step = step_of(secret, f" {code[:3]} {code[3:]}", NOON, None)
    assert step is not None
    assert step_of(secret, code, NOON + timedelta(seconds=STEP_S), None) == step
    assert step_of(secret, code, NOON, step) is None
    assert step_of(secret, code, NOON + timedelta(seconds=3 * STEP_S), None) is None
    assert step_of(secret, "", NOON, None) is None
    assert step_of(secret, "ééééé", NOON, None) is None


def test_recovery_codes_are_typed_as_people_do() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == len(codes)
    letters = [each for code in codes for each in code if each != "-"]
    # Too many to be tried, so that a fast hash of one tells nothing.
    assert len(letters) / len(codes) * math.log2(31) >= 112
    assert all(len(each) <= 32 for each in codes)
    assert recovery_hash("p", codes[0]) == recovery_hash("p", codes[0].lower().replace("-", " "))
    assert recovery_hash("p", codes[0]) != recovery_hash("q", codes[0])


def test_the_picture_for_the_telephone() -> None:
    drawn = picture_of(uri_of(new_secret(), "佐藤", "本社"))
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
    assert "<script" not in drawn
