"""The people of an agent's office: names on extensions, the superior to ask now, telephones to ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.bus.directory_book import DirectoryBook
from kikimori_core.wire.messages import Party

if TYPE_CHECKING:
    from kikimori.config import AgentConfig
    from kikimori_core.wire.messages import Alert, CallState


class OfficeDirectory:
    """The configuration and, over it, the directory that the dashboard signs."""

    def __init__(self, config: AgentConfig) -> None:
        self.book = DirectoryBook(config.site, config.state_path() / f"directory-{config.agent_id}.json")
        self.targets = config.targets(lambda: self.book.telephones)
        self._configured = Party(number=config.pbx.superior, name=config.pbx.superior_name)

    @property
    def superior(self) -> Party:
        """Return the superior to ask now: the directory's, where there is one that this agent may ring."""
        found = self.book.superior()
        if found is None or found.number is None or not self.targets.is_internal(found.number):
            return self._configured
        return found

    def superiors_open(self) -> tuple[Party, ...]:
        """Return the superiors within opening hours whom this agent may ring; without a directory the configured one."""
        found = self.book.superiors_open()
        listed = (self._configured,) if found is None else found
        return tuple(each for each in listed if each.number and self.targets.is_internal(each.number))

    def named(self, number: str) -> Party:
        """Return the superior on a number, by name where the directory knows one."""
        superiors = self.book.current.superiors if self.book.current else ()
        name = next((each.name for each in superiors if each.number == number), None)
        if name is None and number == self._configured.number:
            name = self._configured.name
        return Party(number=number, name=name)

    def superior_number(self) -> str:
        return self.superior.number or ""

    def call(self, state: CallState) -> CallState:
        """Return a call's state with the names of the directory, and the superior of this moment."""
        known = {"operator": self.book.named(state.operator), "superior": self.superior}
        return state.model_copy(update=known)

    def alert(self, alert: Alert) -> Alert:
        """Return an alert with the operator's name."""
        return alert.model_copy(update={"operator": self.book.named(alert.operator)})
