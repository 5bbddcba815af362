"""Everything between the agent and the broker: the outbox, publications, commands, and the embedded broker.

`kikimori.bus.broker` is not imported here: it loads the broker library, which only `demo` and `up` need.
"""

from kikimori.bus.bus import Bus
from kikimori.bus.outbox import Outbox, OutboxError
from kikimori.bus.rival import AgentIdTakenError

__all__ = ["AgentIdTakenError", "Bus", "Outbox", "OutboxError"]
