"""State of the record, for administrators: the office's decision, disk, agents, counts."""
