"""`[line_in]`: sound cards that hear a telephone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.wire.settings import matching


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviceTable(_Table):
    """`[[line_in.devices]]`: one telephone."""

    name: Annotated[
        str,
        matching(
            r"[A-Za-z0-9][A-Za-z0-9-]{0,23}",
            'use at most 24 of the letters A to Z and a to z, digits and "-", e.g. "desk-1"',
        ),
    ]
    """Name of our choice; the beginning of its calls' names."""
    device: Annotated[str, Field(min_length=1, max_length=128)]
    """Name as `kikimori tap devices` lists it, or a part of it that no other device has."""
    customer: Literal["left", "right", "mixed"] = "mixed"
    """Channel of the customer in a stereo device; `mixed`: one channel with both voices."""
    rate: Annotated[int, Field(ge=8000, le=192_000)] | None = None
    """Samples per second asked of the device; None = its preferred rate."""
    extension: Annotated[str, Field(max_length=64)] | None = None
    """Extension of the telephone."""
    operator_name: Annotated[str, Field(max_length=128)] | None = None


class ActivityTable(_Table):
    """`[line_in.activity]`: start and end of a call, by its sound."""

    level_db: Annotated[float, Field(ge=-90, le=0)] = -45.0
    """Level (dB below full scale, 200 to 3 400 Hz) under which sound is no voice."""
    begin_s: Annotated[float, Field(ge=0.1, le=10)] = 0.6
    begin_within_s: Annotated[float, Field(ge=0.1, le=10)] = 2.0
    """Seconds within which `begin_s` of voice begin a call."""
    end_s: Annotated[float, Field(ge=1, le=600)] = 20.0
    """Seconds without a voice after which a call ends."""
    pre_roll_s: Annotated[float, Field(ge=0, le=10)] = 2.5
    """Seconds from before the beginning that are heard too: the first words."""

    @model_validator(mode="after")
    def _fits(self) -> ActivityTable:
        if self.begin_s > self.begin_within_s:
            raise ValueError("begin_s is longer than begin_within_s: no call would ever begin")
        return self


class LineInTable(_Table):
    """`[line_in]`."""

    enabled: bool = False
    rate: Literal[8000, 16000] = 8000
    """Samples per second of the legs; a telephone line carries no more than 8000."""
    activity: ActivityTable = ActivityTable()
    devices: tuple[DeviceTable, ...] = ()

    @model_validator(mode="after")
    def _named_apart(self) -> LineInTable:
        names = [each.name for each in self.devices]
        if len(set(names)) < len(names):
            raise ValueError("two devices have the same name")
        if self.enabled and not self.devices:
            raise ValueError(
                "enabled without a [[line_in.devices]]: `kikimori tap devices` lists what there is"
            )
        return self
