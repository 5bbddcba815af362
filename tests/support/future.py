"""Messages as a newer peer might send them: every open value replaced by one that this version does not know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from tests.support import sample

from kikimori_core.wire.messages import VERSION
from kikimori_core.wire.values import OpenEnum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_core.wire.messages import Message

UNKNOWN = "from_the_future"

Path = tuple[str | int, ...]


def open_places(value: object, path: Path = ()) -> Iterator[Path]:
    """Find every value that may be one unknown here: names, kinds of evidence, versions; found in the models."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            inner = getattr(value, name)
            if name == "v" or _has_literals(field.annotation):
                yield (*path, name)
            yield from open_places(inner, (*path, name))
    elif isinstance(value, OpenEnum):
        yield path
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from open_places(each, (*path, index))
    elif isinstance(value, dict):
        for key, each in value.items():
            if isinstance(key, OpenEnum):
                yield (*path, f"key {key}")
            yield from open_places(each, (*path, key))


def _has_literals(annotation: object) -> bool:
    return get_origin(annotation) is Literal or any(_has_literals(each) for each in get_args(annotation))


def changed(message: Message, *paths: Path) -> bytes:
    """Return the message with what stands at `paths` from the future, and an unknown field in every object."""
    made: dict[str, Any] = json.loads(message.to_bytes())
    for path in paths:
        at: Any = made
        for step in path[:-1]:
            at = at[step]
        last = path[-1]
        if last == "v":
            at[last] = VERSION + 1
        elif isinstance(last, str) and last.startswith("key "):
            at[UNKNOWN] = at.pop(last.removeprefix("key "))
        else:
            at[last] = UNKNOWN
    _add_fields(made)
    return json.dumps(made).encode()


def _add_fields(value: Any) -> None:
    if isinstance(value, dict):
        # Objects whose keys are names (counters, levels by call) hold values of one type only.
        if not all(isinstance(each, int | dict) for each in value.values()):
            value["another_field"] = {"from": "the future"}
        for key, each in value.items():
            if key not in ("title", "summary", "another_field"):
                _add_fields(each)
    elif isinstance(value, list):
        for each in value:
            _add_fields(each)


def every_future() -> list[tuple[str, Message, Path]]:
    """Give each message with each of its open places, named for a test."""
    return [
        (f"{type(message).__name__}.{'.'.join(map(str, path))}", message, path)
        for message in sample.every_kind()
        for path in open_places(message)
    ]
