"""Connection to the broker: messages of the agents on their way into the state, ours on their way to them."""
