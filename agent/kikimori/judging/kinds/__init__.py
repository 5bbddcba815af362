"""One file per kind of rule. A detector is fed one call's evidence and says when its rule holds."""
