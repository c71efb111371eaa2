"""The only SQL. Statements run in the transaction their caller opened by `Catalogue.reading()` or `writing()`."""
