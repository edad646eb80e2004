"""Captions: sentences from a template over the evidence; `docs/engines.md` shows another captioner.

`template.py` plans a caption (phrases, each with a confidence), and ranks the sentences.
"""
