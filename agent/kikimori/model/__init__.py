"""The vocabulary of the stages: calls and legs, what is heard on them, what taps hand over.

Imports nothing of the project but the wire contract's words (`Role`), so that every stage can import it.
"""
