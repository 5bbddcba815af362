"""Announced legs: claimed once, forgotten in time, never more than a limit."""

from __future__ import annotations

from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from kikimori.taps.announced.directory import AnnouncedLeg, DirectoryFullError, LegDirectory
from kikimori_core.model.call import CallInfo, Role
from kikimori_core.wire.peers import AllowedPeers


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def leg(call: str = "c") -> AnnouncedLeg:
    return AnnouncedLeg(CallInfo(call_id=call, tap="audiosocket"), Role.CUSTOMER)


def test_claimed_once() -> None:
    directory = LegDirectory(Clock())
    uuid = directory.announce(leg())
    assert directory.claim(uuid) == leg()
    assert directory.claim(uuid) is None
    assert directory.claim(uuid4()) is None


def test_forgotten_when_it_never_connects() -> None:
    clock = Clock()
    directory = LegDirectory(clock, patience_s=60)
    first = directory.announce(leg("first"))
    clock.now += 59
    second = directory.announce(leg("second"))
    clock.now += 1
    assert directory.claim(first) is None
    assert len(directory) == 1
    assert directory.claim(second) == leg("second")


def test_a_leg_that_never_came_is_counted_and_told() -> None:
    """Half a call is silent and nobody would know why."""
    clock = Clock()
    directory = LegDirectory(clock, patience_s=60)
    directory.announce(leg("lost"))
    directory.claim(directory.announce(leg("came")))
    clock.now += 61
    with capture_logs() as logs:
        directory.forget_old()
        directory.forget_old()
    assert directory.never_came == 1
    assert [(each["event"], each["call_id"]) for each in logs] == [("announced_leg_never_came", "lost")]


def test_full_until_the_oldest_are_forgotten() -> None:
    clock = Clock()
    directory = LegDirectory(clock, patience_s=60, most=2)
    directory.announce(leg())
    directory.announce(leg())
    with pytest.raises(DirectoryFullError):
        directory.announce(leg())
    clock.now += 60
    directory.announce(leg())
    assert len(directory) == 1


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.5", False),
        ("::ffff:192.168.1.5", False),
        ("fe80::1%eth0", False),
        (None, False),
        ("", False),
        ("somewhere", False),
    ],
)
def test_only_this_machine_unless_configured(address: str | None, allowed: bool) -> None:
    assert AllowedPeers().allow(address) is allowed


def test_configured_networks() -> None:
    peers = AllowedPeers(["192.168.1.0/24", "fe80::/10"])
    assert peers.allow("192.168.1.200")
    assert peers.allow("fe80::1%eth0")
    assert not peers.allow("127.0.0.1")
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99"):
        AllowedPeers(["10.0.0.0/99"])


def test_a_name_of_the_pbx_is_claimed_once_and_the_last_announcement_counts() -> None:
    directory = LegDirectory(Clock(), most=1)
    directory.announce_as("1763000000.4", leg("first"))
    directory.announce_as("1763000000.4", leg("second"))
    assert directory.claim("1763000000.4") == leg("second")
    assert directory.claim("1763000000.4") is None
    directory.announce_as("1763000000.5", leg())
    with pytest.raises(DirectoryFullError):
        directory.announce_as("1763000000.6", leg())
