"""Ending a call with two people: requests to stop, a proposal, the agreement of a second person, the order to the PBX."""
