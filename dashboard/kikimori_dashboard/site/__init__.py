"""State of one site, as the messages of its agents tell it. Pure: no sockets, no clock of its own."""
