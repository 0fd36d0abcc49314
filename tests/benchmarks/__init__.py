"""`make bench`: ratios within one run. Never collected by `make test`."""
