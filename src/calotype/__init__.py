"""Calotype: a virtual-machine image service."""

__version__ = "0.1.0"
