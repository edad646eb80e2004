"""Computer Vision from a notebook: requests, drawing, and a local service to ask."""
