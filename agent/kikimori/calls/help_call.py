"""The operator's call for help in one call: the keys that make it, and whether it can still be taken back."""

from __future__ import annotations


class HelpCall:
    """Keys typed so far, and whether somebody has acted."""

    def __init__(self, keys: str) -> None:
        """`keys`: those of the telephone that call for help; "" = none."""
        self.keys = keys
        self.acted_on = False
        """True after a press moved the customer, or was about to, since the operator called."""
        self._typed = ""

    def typed(self, key: str) -> bool:
        """Take a pressed key; return whether it completes the call for help."""
        if not self.keys:
            return False
        self._typed = (self._typed + key)[-len(self.keys) :]
        if self._typed != self.keys:
            return False
        self._typed = ""
        return True

    def refusal(self, *, called: bool, moved: bool) -> str | None:
        """Return the reason for which the call for help cannot be taken back; None = it can.

        `called`: it is open; `moved`: the customer is on hold by a press, or with a superior.
        """
        if not called:
            return "no_help_called"
        return "help_under_way" if self.acted_on or moved else None
