"""What text the catalogue can hold."""

from calotype.domain.errors import Invalid

MOST_PROPERTY_VALUE_BYTES = 65_535


def is_storable(text: str) -> bool:
    """True for Unicode without NUL and without half of a surrogate pair: what every database can hold."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def require_storable(field: str, text: str, most_characters: int) -> str:
    """*text* itself. Raises Invalid if it is too long, or holds a NUL or half of a surrogate pair."""
    if len(text) > most_characters:
        raise Invalid(field, text, f"longer than {most_characters} characters")
    if not is_storable(text):
        raise Invalid(field, ascii(text), "holds a character that cannot be stored")
    return text
