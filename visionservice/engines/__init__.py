"""The engines: models and measures that compute results from pixels.

A model, or a method with several files, has a folder; `docs/models.md` lists the models.
"""
