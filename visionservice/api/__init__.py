"""The versions of the API: parameters and JSON, without inference."""
