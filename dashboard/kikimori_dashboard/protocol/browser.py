"""Messages from pages to the dashboard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kikimori_dashboard.live.looks.message import Look
from kikimori_dashboard.live.page_messages import DrawnAlerts


class Ping(BaseModel):
    """Question for an echo; `at` is any number of the browser's own."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["ping"]
    at: float


BrowserMessage = Annotated[Ping | DrawnAlerts | Look, Field(discriminator="type")]
