"""Templates as they were compiled, kept in the data folder: reading them takes a process that starts a tenth of a second less."""

from contextlib import suppress
from pathlib import Path

from jinja2 import FileSystemBytecodeCache


class _Kept(FileSystemBytecodeCache):
    def dump_bytecode(self, bucket):
        with suppress(OSError):  # a full or read-only disk: it is compiled again next time
            super().dump_bytecode(bucket)


def init_compiled(app):
    folder = Path(app.config["TAIZHANG"].data_dir) / "compiled"
    with suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.jinja_env.bytecode_cache = _Kept(str(folder))
