"""Proofs of identity; no database."""
