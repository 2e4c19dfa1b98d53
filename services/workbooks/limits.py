"""What a process that parses strangers' files may use."""

import codecs
import resource

MEMORY, SECONDS = 2 * 1024**3, 120
# Old .xls name their own code page; a codec is a file, and later no file can be opened.
_CODECS = (
    "cp437",
    "gbk",
    "gb18030",
    "big5",
    "cp932",
    "cp949",
    "cp1250",
    "cp1251",
    "cp1252",
    "mac_roman",
    "latin_1",
    "utf_16_le",
    "ascii",
)


def limit_memory():
    """No more memory than this, and no core file when it ends badly."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def close_doors():
    """No file, connection or other process beyond the three streams that are open."""
    for name in _CODECS:
        codecs.lookup(name)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def allow_seconds():
    """The time one answer may take, from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
