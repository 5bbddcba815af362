"""Recording of calls: a journal on the agent's disk, shipped to the records service."""
