"""The operator's `homeward` command."""
