"""The `[freeswitch]` table: what cannot work is refused before anything is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from kikimori.integrations.freeswitch.settings import FreeSwitchTable, read_secret

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"tap": True}, "esl_password_file"),
        ({"dial": "user/200"}, "{target}"),
        ({"dial": "user/{target} &echo"}, "dial"),
        ({"music": "local_stream://moh'^hangup"}, "music"),
        ({"allow": ["here"]}, "allow"),
        ({"media_url": "http://x"}, "media_url"),
        ({"module": "audio_tap"}, "module"),
        ({"rate": 44100}, "rate"),
        ({"pasword": "x"}, "pasword"),
    ],
)
def test_what_cannot_work_is_refused(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FreeSwitchTable(**given)
    assert word in str(caught.value)


def test_a_secret_is_the_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "esl"
    file.write_text("word \nsecond\n", encoding="utf-8")
    assert read_secret(file) == "word"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert read_secret(file.relative_to(tmp_path)) == "word"
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(OSError, match="empty"):
        read_secret(file)
    with pytest.raises(OSError):
        read_secret(tmp_path / "none")
