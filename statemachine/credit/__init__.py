"""The decision on a sales credit: which order rows, how much, and whether now. Pure."""
