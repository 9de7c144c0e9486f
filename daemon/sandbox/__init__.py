"""Faithful local Happy Returns and Brightpearl; imports nothing else of this project."""
