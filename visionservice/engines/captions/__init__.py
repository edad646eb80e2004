"""Captions: from the evidence to a plan, from the plan to ranked sentences."""
