"""Pages of the audit: for who checks it, and for everybody about themselves."""
