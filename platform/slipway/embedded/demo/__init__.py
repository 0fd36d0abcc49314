"""A demo on the running product: people are made by a command, everything else comes over the API with their tokens."""
