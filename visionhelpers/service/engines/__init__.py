"""What is seen in a picture: one noun a module, arrays in, plain dataclasses out, no JSON."""
