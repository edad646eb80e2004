"""Run one operation on many images, from Python or the command line."""
