"""Bodies of the routes about customers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kikimori_records.callers.fields import LONGEST_MANNER, READERS

Given = Annotated[str, Field(max_length=LONGEST_MANNER)] | None


class CustomerBody(BaseModel):
    """Body of `POST /api/callers/{key}/customer`: what is left out stays, "" clears."""

    model_config = ConfigDict(extra="forbid")

    name: Given = None
    contract: Given = None
    in_charge: Given = None
    manner: Given = None
    """Agreed way to speak."""

    def values(self) -> dict[str, str | None]:
        """Return the columns that were given, read and checked; raises FieldError."""
        given = self.model_dump(exclude_none=True)
        return {column: READERS[column](text) for column, text in given.items()}


class NumberBody(BaseModel):
    """Body of `POST /api/callers/{key}/join`."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, Field(min_length=1, max_length=64)]


class PartBody(BaseModel):
    """Body of `POST /api/callers/{key}/part`."""

    model_config = ConfigDict(extra="forbid")

    caller: Annotated[str, Field(pattern=r"^[0-9a-f]{24}$")]
    """Key of the number."""
