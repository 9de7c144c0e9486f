"""The books: reading both systems and the files people bring, matching, closing, checking."""
