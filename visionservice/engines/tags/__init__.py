"""Tags and the 86 categories: rules over the evidence."""
