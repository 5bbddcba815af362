"""Notices that leave the house: webhooks of chat services and mail, off unless they are configured.

`notice` says all that leaves: severity, time, seat and a link. `desk` chooses the alerts, `delivery` queues and tries again,
`webhook` and `mail` send.
"""
