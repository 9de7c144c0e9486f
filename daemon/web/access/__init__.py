"""Who comes in, by which door, and what they may see and do."""
