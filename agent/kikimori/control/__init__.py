"""Limits of what commands may do, whatever PBX carries them out: where a call may go, how often, and what is recorded."""
