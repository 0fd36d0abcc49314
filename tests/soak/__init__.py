"""`make soak`: the large numbers. Never collected by `make test`."""
