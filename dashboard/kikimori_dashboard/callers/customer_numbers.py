"""Telephone numbers of customers as the office keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_records.callers.fields import NumberReader

if TYPE_CHECKING:
    from kikimori_dashboard.callers.caller_desk import CallerDesk


class CustomerNumbers:
    """Reader of telephone numbers as the office keeps them."""

    def __init__(self, desk: CallerDesk, *, mask: bool) -> None:
        self._desk = desk
        self._mask = mask

    async def reader(self) -> NumberReader:
        """Return the reader; raises StoreError, OSError."""
        return NumberReader(await self._desk.pseudonyms(), mask=self._mask)
