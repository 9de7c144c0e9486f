"""The gap audit: what stands between an account and a clean run. Reads only; writes nowhere."""
