"""The query of a request target, taken apart by our own rules: what cannot be text is refused, not guessed at."""

from urllib.parse import unquote_to_bytes

from calotype.domain.errors import Invalid


def parse(raw_query: str) -> list[tuple[str, str]]:
    """Names and values in the order sent, percent-decoded; '+' is a blank, a name without '=' has the value "".

    A '%' that two hexadecimal digits do not follow stays as it is. Raises Invalid for NUL and for what is not UTF-8.
    """
    pairs = []
    for piece in raw_query.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            pairs.append((_decoded(name), _decoded(value)))
    return pairs


def _decoded(text: str) -> str:
    if "%" not in text and "+" not in text and text.isascii() and "\0" not in text:
        return text
    try:
        decoded = unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeError:
        raise Invalid("query", text, "not UTF-8 once percent-decoded") from None
    if "\0" in decoded:
        raise Invalid("query", text, "holds a NUL")
    return decoded
