"""The shell around the machine: everything that touches a network, a database, a clock or a screen."""
