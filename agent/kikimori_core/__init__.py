"""All that agent, dashboard and their tools share: the vocabulary, judging, topics and messages, errors.

Imports nothing else of the project.
"""
