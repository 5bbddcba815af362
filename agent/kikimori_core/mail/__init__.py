"""Mail that the program sends: settings of a server, and the sending of one message."""
