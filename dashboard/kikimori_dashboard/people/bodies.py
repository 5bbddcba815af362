"""Bodies of the routes for people, superiors, kiosks and seats. What people type is read as in files and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.wire.opening_hours import BadHoursError, read_hours
from kikimori_records.people import fields
from kikimori_records.people.fields import READERS, FieldError

if TYPE_CHECKING:
    from kikimori_core.wire.opening_hours import Hours

Typed = Annotated[str, Field(max_length=500)]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Pin = Annotated[str, Field(pattern=r"^(?:[0-9]{4,8})?$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PersonBody(_Body):
    """Body of `POST /api/people` and `POST /api/people/{id}`; what is not there stays as it is, "" clears."""

    name: Typed | None = None
    login: Typed | None = None
    roles: Annotated[list[Typed], Field(max_length=10)] | None = None
    extensions: Typed | None = None
    telephone: Typed | None = None
    team: Typed | None = None
    queue: Typed | None = None
    seat_row: Typed | None = None
    seat_column: Typed | None = None

    def values(self) -> dict[str, Any]:
        """Return the columns, read and checked; raises FieldError."""
        given = self.model_dump(exclude_none=True)
        if "roles" in given:
            given["roles"] = " ".join(given["roles"])
        return {column: READERS[column](text) for column, text in given.items()}


class DisabledBody(_Body):
    """Body of `POST /api/people/{id}/disable`."""

    disabled: bool


class NewPasswordBody(_Body):
    """Body of `POST /api/people/{id}/password`: the person changes it at the next login."""

    password: Annotated[str, Field(min_length=1, max_length=256)]


class PinBody(_Body):
    """Body of `POST /api/people/{id}/pin`; "" takes it away."""

    pin: Pin


class SuperiorBody(_Body):
    """Body of `POST /api/superiors` and `POST /api/superiors/{id}`."""

    name: Typed | None = None
    number: Typed | None = None
    hours: Typed | None = None
    enabled: bool | None = None

    def values(self) -> dict[str, Any]:
        """Return the columns, read and checked; raises FieldError."""
        found: dict[str, Any] = {} if self.enabled is None else {"enabled": self.enabled}
        if self.name is not None:
            found["name"] = fields.name(self.name)
        if self.number is not None:
            found["number"] = fields.telephone(self.number, "number")
            if found["number"] is None:
                raise FieldError("number", "empty")
        if self.hours is not None:
            found["hours"] = _hours(self.hours)
        return found


class OrderBody(_Body):
    """Body of `POST /api/superiors/order`."""

    ids: Annotated[list[Id], Field(max_length=50)]


class CodeBody(_Body):
    """Body of `POST /api/kiosk-codes`."""

    extension: Typed


class HashBody(_Body):
    """Body of `POST /api/kiosk-codes/revoke`."""

    code_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BindBody(_Body):
    """Body of `POST /api/kiosk`: binds this PC to the extension of a code."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    name: Annotated[str, Field(max_length=128)] = ""


class SeatBody(_Body):
    """Body of `POST /api/seat`; without a person somebody sits there who is not named."""

    person_id: Id | None = None
    pin: Pin = ""


class CorrectionBody(_Body):
    """Body of `POST /api/seatings/{id}/correct`."""

    person_id: Id | None = None


def _hours(text: str) -> Hours:
    try:
        return read_hours(text)
    except BadHoursError as error:
        raise FieldError("hours", "hours", text[:40], error.args[0]) from None
