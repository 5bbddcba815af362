"""Demo: recorded calls with known truth, a simulated PBX that plays them, and the verdict on their alerts.

Everything behind the simulated PBX is the real thing: its audio comes over real AudioSocket connections.
"""
