"""Measurements of the service: `make accuracy`, `make bench`; run from the root of the checkout."""
