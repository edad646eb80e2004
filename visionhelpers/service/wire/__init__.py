"""The API on the wire: one generation a module, JSON in and out, no inference."""
