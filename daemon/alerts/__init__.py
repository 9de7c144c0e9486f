"""Alerts: what a team is told, and the ways it is told."""
