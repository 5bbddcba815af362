"""Callers on the pages: who is calling, their earlier contacts, the list of customers."""
