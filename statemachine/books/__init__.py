"""The books: which facts of both systems, the payment platforms and the bank belong together, and what is missing. Pure."""
