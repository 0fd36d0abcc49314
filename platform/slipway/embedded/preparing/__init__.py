"""What is done once on the way up, and again only when Slipway changed: migrations and static files."""
