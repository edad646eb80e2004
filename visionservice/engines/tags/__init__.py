"""Tags and the 86 categories, made from the evidence."""
