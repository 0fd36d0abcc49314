"""The whole product as its users run it, in a folder of its own: for browser, chaos and benchmark runs."""
