"""Check of `[pbx] kind` against the integrations that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from kikimori.control.settings import PbxTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def table_of_kind(value: Any, read: Callable[[Any], PbxTable], kinds: Sequence[str]) -> PbxTable:
    """Return `[pbx]` as `read` makes it of `value`; raises ValidationError with every fault, its kind's first."""
    faults: list[InitErrorDetails] = []
    named = isinstance(value, dict) and "kind" in value
    kind = value["kind"] if named else value.kind if isinstance(value, PbxTable) else kinds[0]
    if kind not in kinds:
        *others, last = (repr(each) for each in kinds)
        expected = {"expected": f"{', '.join(others)} or {last}"}
        faults.append(InitErrorDetails(type="literal_error", loc=("kind",), input=kind, ctx=expected))
        value = {**value, "kind": kinds[0]} if named else value
    try:
        table = read(value)
    except ValidationError as error:
        known = (
            {key: each[key] for key in ("type", "loc", "input", "ctx") if key in each}
            for each in error.errors()
        )
        faults += (cast("InitErrorDetails", each) for each in known)
    if faults:
        raise ValidationError.from_exception_data("PbxTable", faults)
    return table
