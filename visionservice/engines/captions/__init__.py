"""Captions: `template.py` plans phrases over the evidence, and ranks the sentences of them."""
