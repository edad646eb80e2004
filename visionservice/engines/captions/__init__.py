"""Captions: sentences from a template over the evidence.

`subject.py` plans a caption: what the image shows (people, `objects.py`, `text.py`, `scene.py`)
and further details (`activities.py`, `context.py`). `plan.py` has the phrases of a plan, each with
a confidence, and `template.py` ranks the sentences. `docs/engines.md` shows another captioner.
"""
