"""Version text of Asterisk, and what follows from it."""

from __future__ import annotations

import pytest

from kikimori.integrations.asterisk.version import (
    apps_outlive_connections,
    lacks_websocket_channels,
    number_of,
    too_old,
)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("18.26.4", (18, 26)),
        ("22.10.1+dfsg+~cs6.17.60671434-1", (22, 10)),
        ("certified-20.7-cert5", (20, 7)),
        ("certified/18.9-cert17", (18, 9)),
        ("20.16.0-rc2", (20, 16)),
        ("1.8.32.3", (1, 8)),
        ("22.99.0-master", (22, 99)),
        ("GIT-master-f0c1c1a7b7", None),
        ("", None),
    ],
)
def test_what_it_says_is_read(said: str, number: tuple[int, int] | None) -> None:
    assert number_of(said) == number


def test_what_is_too_old() -> None:
    assert [too_old(said) for said in ("13.38.3", "16.30.1", "18.26.4", "22.10.1", "GIT-x")] == [
        True, True, False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("said", ["16.30.1", "18.26.4", "19.8.1", "20.15.2", "21.10.2", "22.5.2"])
def test_releases_without_websocket_channels(said: str) -> None:
    assert lacks_websocket_channels(said)


@pytest.mark.parametrize(
    "said", ["20.16.0", "20.20.1", "21.11.0", "22.6.0", "22.10.1", "23.0.0", "GIT-x", ""]
)
def test_releases_with_them_and_builds_that_may_have_them(said: str) -> None:
    assert not lacks_websocket_channels(said)


def test_releases_that_keep_a_dead_application() -> None:
    kept = [said for said in ("18.26.4", "20.13.0", "20.14.0", "21.8.0", "21.9.0", "22.3.0", "22.4.0", "23.0.0", "GIT-x")
            if apps_outlive_connections(said)]  # fmt: skip
    assert kept == ["18.26.4", "20.13.0", "21.8.0", "22.3.0"]
