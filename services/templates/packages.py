"""What an uploaded form may not bring along: macros, other files inside it, and links that are followed when it is opened."""

import io
import re
import zipfile


class Refused(Exception):
    """A form that is not taken: a code and what it is about."""

    def __init__(self, code, what=""):
        super().__init__(code)
        self.code, self.what = code, what


_STRANGE = re.compile(r"vbaProject|/(?:externalLinks|embeddings|activeX|ctrlProps|customUI)/|afchunk", re.IGNORECASE)
_RELATION = re.compile(rb"<Relationship\b[^>]*>")


def check(data):
    """Refused for a package with parts that could run or fetch something. A link that a person clicks is none."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for entry in package.infolist():
            if _STRANGE.search(f"/{entry.filename}"):
                raise Refused("strange_part", entry.filename)
            if entry.filename.endswith(".rels"):
                for relation in _RELATION.findall(package.read(entry)):
                    if b'TargetMode="External"' in relation and b"/hyperlink" not in relation:
                        raise Refused("external", entry.filename)
