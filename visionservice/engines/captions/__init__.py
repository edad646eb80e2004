"""Captions: sentences from a template over the evidence; `docs/engines.md` shows another captioner.

`subject.py` plans a caption: phrases, each with a confidence; `template.py` ranks the sentences.
"""
