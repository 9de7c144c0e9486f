"""What people do to returns: one verb on one return or on many, previewed by the machine itself."""
