"""The corpus: stories by subject, made from the tables of what v2 answers."""
