"""Words that retention left: quotes of refusals in alerts, and own words of who proposed to end the call."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from kikimori_records.columns import Words

revision = "0011"
down_revision: str | None = "0010"

AT_ONCE = 500
_ALERTS = sa.table(
    "recorded_alerts",
    sa.column("uid", Words()),
    sa.column("alert_id", Words()),
    sa.column("revisions", sa.JSON()),
)
_CALLS = sa.table("recorded_calls", sa.column("uid", Words()), sa.column("call_id", Words()))
_ENDINGS = sa.table("endings", sa.column("call_id", Words()), sa.column("words", Words()))
_REMOVALS = sa.table("removals", sa.column("uid", Words()), sa.column("kind", Words()))


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    without_words = sa.select(_REMOVALS.c.uid).where(_REMOVALS.c.kind == "words")
    said = sa.select(_CALLS.c.call_id).where(_CALLS.c.uid.in_(without_words))
    connection.execute(sa.update(_ENDINGS).where(_ENDINGS.c.call_id.in_(said)).values(words=None))
    query = sa.select(_ALERTS).where(_ALERTS.c.uid.in_(without_words))
    rows = connection.execute(query).mappings()
    while some := rows.fetchmany(AT_ONCE):
        for row in some:
            less = _without_quotes(row["revisions"])
            if less != row["revisions"]:
                this = (_ALERTS.c.uid == row["uid"], _ALERTS.c.alert_id == row["alert_id"])
                connection.execute(sa.update(_ALERTS).where(*this).values(revisions=less))


def _without_quotes(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_quotes(each) for name, each in value.items() if name != "quote"}
    if isinstance(value, list):
        return [_without_quotes(each) for each in value]
    return value
