"""The only room that speaks SQL: each x.py beside its x.sql."""
