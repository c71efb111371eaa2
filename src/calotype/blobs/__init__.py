"""The only bytes at rest. Words: a *key* names a *blob* in a *store*; a *step* is a piece of a blob on its way in."""
