"""The settings, as one table: name, default, help. Read from TAIZHANG_* environment variables, nowhere else."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

TRANSLATIONS = Path(__file__).parent / "app" / "translations"


class ConfigError(ValueError):
    """A setting the app cannot start with: a message id and its parameters; the text says which setting, and what to do."""

    def __init__(self, id, **params):
        super().__init__(id.format(**params))
        self.id, self.params = id, params


@dataclass(frozen=True)
class Setting:
    """One environment variable. The default's type is the setting's type."""

    name: str
    default: object
    help: str

    @property
    def attribute(self):
        """Its name as an attribute of Config."""
        return self.name.removeprefix("TAIZHANG_").lower()


SETTINGS = (
    Setting(
        "TAIZHANG_DATABASE_URL",
        "",
        "The database: postgresql://… (several hosts are allowed), or the path of a SQLite file. "
        "Empty: taizhang.sqlite3 in the data directory.",
    ),
    Setting(
        "TAIZHANG_REPLICA_URL",
        "",
        "A PostgreSQL that follows the database: lists, totals and exports are read there by whoever has not just saved something it lacks.",
    ),
    Setting("TAIZHANG_DATA_DIR", "var", "The data directory: SQLite database, secret key, backups."),
    Setting(
        "TAIZHANG_SECRET_KEY",
        "",
        "The key that signs cookies, at least 32 characters. Empty: made at the first run and kept in the data directory as secret_key.",
    ),
    Setting("TAIZHANG_HOST", "127.0.0.1", "The address to listen on."),
    Setting("TAIZHANG_PORT", 8000, "The port to listen on."),
    Setting(
        "TAIZHANG_TRUSTED_HOSTS",
        (),
        "The host names answered to, separated by commas; any other Host gets 400. Empty: 127.0.0.1, localhost and the address listened on.",
    ),
    Setting("TAIZHANG_HTTPS", False, "1 where the site is reached over HTTPS: Secure cookies with the __Host- prefix, and HSTS."),
    Setting("TAIZHANG_PROXIES", 0, "How many reverse proxies of your own stand in front; 0: X-Forwarded-* is not believed."),
    Setting("TAIZHANG_WORKERS", 1, "Processes: 1 runs waitress, more run gunicorn."),
    Setting("TAIZHANG_THREADS", 8, "Threads of each process."),
    Setting(
        "TAIZHANG_JOBS",
        "inside",
        "Where long work is done: inside (a thread of each server process) or worker (in `python -m app worker`, started apart).",
    ),
    Setting("TAIZHANG_JOB_LEASE", 30, "Seconds after which the job of a worker that has gone silent is taken up by another."),
    Setting("TAIZHANG_CLEAR_MINUTES", 60, "Minutes between two rounds of the worker in which it clears what is over."),
    Setting("TAIZHANG_IMPORT_PLAN_DAYS", 7, "Days after which an import nobody applied is cleared, with its files."),
    Setting("TAIZHANG_IMPORT_FILE_DAYS", 90, "Days after which the files of an import that was applied are cleared."),
    Setting("TAIZHANG_JOB_DAYS", 730, "Days after which a job that has ended is cleared."),
    Setting("TAIZHANG_EXPORT_JOB_ROWS", 100_000, "Rows above which a list is exported as a job, fetched later under My downloads."),
    Setting(
        "TAIZHANG_QUERY_SECONDS",
        20,
        "Seconds after which a page's question to the database is cut off, with advice what to narrow.",
    ),
    Setting("TAIZHANG_SITE_URL", "", "The address people reach the site at, for links in messages. Empty: messages have no link."),
    Setting(
        "TAIZHANG_HOOK_NETWORKS",
        (),
        "Networks of your own that webhooks and mail may be sent to, like 10.8.0.0/16, separated by commas. Empty: public addresses only.",
    ),
    Setting("TAIZHANG_LANGUAGE", "zh", "The language of the command line, and of pages until a person chooses: zh or en."),
    Setting("TAIZHANG_DEMO_PASSWORD", "", "The password of the demo accounts. Empty: one is made and printed."),
    Setting("TAIZHANG_SESSION_IDLE_MINUTES", 120, "Minutes without activity after which one must log in again."),
    Setting("TAIZHANG_SESSION_HOURS", 12, "Hours after which one must log in again in any case."),
    Setting(
        "TAIZHANG_LOGIN_FAILURES",
        5,
        "Failures of one account from one address, within the lock time, after which it is locked there.",
    ),
    Setting("TAIZHANG_LOGIN_LOCK_MINUTES", 15, "Minutes such a lock lasts."),
    Setting(
        "TAIZHANG_LOGIN_ACCOUNT_FAILURES",
        50,
        "Failures of one account in an hour, from all addresses, after which only addresses it has logged in from may try.",
    ),
    Setting(
        "TAIZHANG_LOGIN_ADDRESS_FAILURES",
        200,
        "Failures from one address in an hour, of all accounts, after which only accounts that have logged in from it may try.",
    ),
    Setting("TAIZHANG_LOGIN_LIMIT", 10, "Logins a minute of one account from one address."),
    Setting("TAIZHANG_API_LIMIT", 6_000, "API calls a minute of one token; each process counts those it answers."),
    Setting("TAIZHANG_PASSWORD_MEMORY", 47_104, "Memory argon2id uses, in KiB."),
    Setting("TAIZHANG_PASSWORD_ROUNDS", 1, "Rounds of argon2id."),
    Setting("TAIZHANG_MAX_REQUEST_MB", 64, "The largest request in MB, uploaded files included."),
    Setting("TAIZHANG_MAX_FORM_KB", 2_048, "The most text in one request, in KB, files not counted."),
    Setting("TAIZHANG_MAX_FILE_MB", 10, "The largest attachment in MB."),
    Setting("TAIZHANG_IMPORT_FILE_MB", 50, "The largest file to import, in MB; each file of a zip by itself."),
    Setting("TAIZHANG_IMPORT_UNPACKED_MB", 500, "The most a workbook or zip may unpack to, in MB."),
    Setting("TAIZHANG_IMPORT_FILES", 1_000, "The most files taken in at once, in a zip or chosen together."),
    Setting("TAIZHANG_IMPORT_ROWS", 200_000, "The most rows of a sheet or text file to import."),
    Setting("TAIZHANG_IMPORT_COLUMNS", 256, "The most columns of a sheet or text file to import."),
    Setting("TAIZHANG_IMPORT_CELL_CHARACTERS", 32_767, "The longest cell to import, in characters."),
    Setting("TAIZHANG_METRICS_FROM", ("127.0.0.1", "::1"), "The addresses that may read /metrics, separated by commas."),
    Setting("TAIZHANG_SAMPLES", "", "The folder of real files for the tests (tests only)."),
)

_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_KNOWN_SECRETS = ("change", "secret", "password", "example", "default", "insecure", "your-", "thisismy")
_LEAST = {"TAIZHANG_PROXIES": 0}


@dataclass(frozen=True)
class Config:
    """The settings of one process; the help of each is in SETTINGS."""

    database_url: str
    replica_url: str
    data_dir: str
    secret_key: str
    host: str
    port: int
    trusted_hosts: tuple
    https: bool
    proxies: int
    workers: int
    threads: int
    jobs: str
    job_lease: int
    clear_minutes: int
    import_plan_days: int
    import_file_days: int
    job_days: int
    export_job_rows: int
    query_seconds: int
    site_url: str
    hook_networks: tuple
    language: str
    demo_password: str
    session_idle_minutes: int
    session_hours: int
    login_failures: int
    login_lock_minutes: int
    login_account_failures: int
    login_address_failures: int
    login_limit: int
    api_limit: int
    password_memory: int
    password_rounds: int
    max_request_mb: int
    max_form_kb: int
    max_file_mb: int
    import_file_mb: int
    import_unpacked_mb: int
    import_files: int
    import_rows: int
    import_columns: int
    import_cell_characters: int
    metrics_from: tuple
    samples: str


def load(environ=None):
    """The settings from environment variables, checked; makes the data directory and, at the first run, the secret key."""
    environ = os.environ if environ is None else environ
    found = {setting.attribute: _read(setting, environ.get(setting.name, "")) for setting in SETTINGS}
    if found["language"] not in ("zh", "en"):
        raise ConfigError("TAIZHANG_LANGUAGE 只能是 zh 或 en。")
    if found["jobs"] not in ("inside", "worker"):
        raise ConfigError("TAIZHANG_JOBS 只能是 inside 或 worker。")
    data = Path(found["data_dir"])
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            "不能建立数据目录 {path}：{why}。请改 TAIZHANG_DATA_DIR，或给运行用户写权限。", path=data, why=error.strerror
        ) from error
    found["secret_key"] = _sound(found["secret_key"]) if found["secret_key"] else kept_secret(data / "secret_key")
    found["database_url"] = found["database_url"] or str(data / "taizhang.sqlite3")
    found["trusted_hosts"] = found["trusted_hosts"] or tuple(dict.fromkeys(("127.0.0.1", "localhost", found["host"])))
    return Config(**found)


def language(environ=None):
    """The language the settings ask for, also where something else in them is wrong."""
    environ = os.environ if environ is None else environ
    return "en" if environ.get("TAIZHANG_LANGUAGE", "").strip() == "en" else "zh"


def kept_secret(path):
    """The install's own 256-bit key: made once, readable by its owner alone."""
    try:
        if not path.exists():
            _make_secret(path)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return _sound(path.read_text().strip())
    except OSError as error:
        raise ConfigError(
            "不能读写密钥文件 {path}：{why}。请给运行用户权限，或设 TAIZHANG_SECRET_KEY。", path=path, why=error.strerror
        ) from error


def _make_secret(path):
    """Two processes starting at once must end with one key: the first link wins, and the file is never seen half written."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_hex(32))
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _sound(key):
    if len(key) < 32 or len(set(key)) < 8 or any(word in key.lower() for word in _KNOWN_SECRETS):
        raise ConfigError(
            "TAIZHANG_SECRET_KEY 太短或太常见，请换成至少 32 个随机字符，"
            '如 python -c "import secrets; print(secrets.token_hex(32))" 的输出；或者不设，由程序生成。'
        )
    return key


def _read(setting, text):
    text = text.strip()
    if not text:
        return setting.default
    if isinstance(setting.default, bool):
        if text.lower() not in _YES + _NO:
            raise ConfigError("{name} 只能是 1 或 0，现在是「{raw}」。", name=setting.name, raw=text)
        return text.lower() in _YES
    if isinstance(setting.default, int):
        least = _LEAST.get(setting.name, 1)
        if not (text.isascii() and text.isdigit()) or int(text) < least:
            raise ConfigError("{name} 应为不小于 {least} 的整数，现在是「{raw}」。", name=setting.name, least=least, raw=text)
        return int(text)
    if isinstance(setting.default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


_active = None


def activate(config):
    """Makes these the settings of this process."""
    global _active
    _active = config


def active():
    """The settings of this process; read from the environment where nobody has chosen others."""
    if _active is None:
        activate(load())
    return _active
