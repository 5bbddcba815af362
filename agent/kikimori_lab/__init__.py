"""Measuring and showing the product: bench, evaluation, training of the second opinion, the demo.

Imports the agent; the agent loads a command of `kikimori_lab.cli` by its dotted name only.
"""
