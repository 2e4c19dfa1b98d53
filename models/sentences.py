"""Sentences kept for later: as JSON and back, so that what a job said can still be read in either language."""

from models.errors import Label, Sentence


def packed(part):
    """A sentence, label, list or plain value as JSON; anything else as its text."""
    if isinstance(part, Sentence):
        return {"say": part.id, "with": {name: packed(value) for name, value in part.params}}
    if isinstance(part, Label):
        return {"zh": part.zh, "en": part.en}
    if isinstance(part, (list, tuple)):
        return [packed(item) for item in part]
    return part if part is None or isinstance(part, (str, int, float)) else str(part)


def unpacked(data):
    """What `packed` was given."""
    if isinstance(data, dict):
        if "say" in data:
            return Sentence(data["say"], tuple((name, unpacked(value)) for name, value in data["with"].items()))
        return Label(data["zh"], data["en"])
    return tuple(unpacked(item) for item in data) if isinstance(data, list) else data
