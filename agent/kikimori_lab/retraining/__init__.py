"""Fits the second opinion's model: from written sentences to weights, without a network and with numpy alone."""
