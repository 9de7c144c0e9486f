"""The five loops and their runner."""
