"""Store of an office: people, sessions, kiosks and the audit, in SQLite or PostgreSQL. It owns the database.

Imports the shared core alone. `settings.StoreSettings` is the table `[store]`; `store.Store` is the open database; the
queries stand in one package a subject. Importing this package loads no database library.
"""
