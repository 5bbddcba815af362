"""Calls for help that nobody answers: superiors are rung one after another, in the order of the directory.

The dashboard runs the clock, as it knows what people do on its pages. While none is there the agent does it by itself.
"""
