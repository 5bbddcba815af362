"""A small model of what an utterance does: does the customer demand something, does the operator refuse."""
