"""Tables of the customers' list. A change here needs a migration; a test compares both.

`caller_key` is the pseudonym of a number, see `kikimori_records.keeping.pseudonyms`: it joins customers and recorded calls.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table

from kikimori_records.columns import UtcTime, Words
from kikimori_records.tables import metadata

customers = Table(
    "customers",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("contract", Words),
    Column("in_charge", Words),  # person of the office who knows the customer
    Column("manner", Words),  # agreed way to speak
    Column("added_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),  # also when a file confirmed the entry
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("caller_key", Words, primary_key=True),
    Column("customer_id", Words, ForeignKey("customers.id"), nullable=False),
    Column("number", Words, nullable=False),  # masked where the office keeps masked numbers alone
    Column("added_at", UtcTime, nullable=False),
    Index("ix_customer_numbers_customer_id", "customer_id"),
)
