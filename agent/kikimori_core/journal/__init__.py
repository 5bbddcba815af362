"""Journal of calls: the format in which an agent records them, and the way to the records service."""
