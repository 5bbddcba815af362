"""What agents and dashboards say to each other over MQTT: topics, messages, and how to reach the broker.

The only package that both sides import. It imports nothing else of the project.
"""
