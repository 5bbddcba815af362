"""Vocabulary of the stages: calls and legs, evidence, and the interface of taps.

Imports nothing of the project but the wire contract's words (`Role`), so that every stage can import it.
"""
