"""What the daemon serves: webhooks, health, metrics."""
