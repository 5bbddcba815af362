"""Protocol between agents and dashboards over MQTT: topics, messages, and the connection to the broker.

The only package that both sides import. It imports nothing else of the project.
"""
