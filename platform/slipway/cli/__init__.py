"""`slipway`: the API on the command line. Loads no Django: what starts a server is another process."""
