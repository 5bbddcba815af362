"""Search of recorded calls: an index of their words and attributes, filled in the transaction of a call's rows."""
