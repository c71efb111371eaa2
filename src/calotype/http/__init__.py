"""HTTP craft on aiohttp; knows no image. Words: a *route* is a row of a *face*'s table, a *step* a piece of a body in transit."""
