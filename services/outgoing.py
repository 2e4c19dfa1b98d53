"""Calls out of the app. Only public addresses are called, and those inside the house that a setting names; the address that was
checked is the one that is connected to, redirects are not followed, and an answer's body is not read.
"""

import socket
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import config
from models.errors import AppError, FieldError, say

CONNECT_SECONDS, READ_SECONDS = 5, 10
SCHEMES = ("dingtalk", "wecombot", "feishu", "lark", "mailto", "mailtos")
_MAIL = ("mailto", "mailtos")
# Networks that hold another address inside: what they lead to is not seen from the outside.
_WRAPPING = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")))


class Unreachable(AppError):
    """The other side did not take it: no address, no connection, no good answer. Worth another try later."""


def check_web(address):
    """The parts of a webhook's address. FieldError for one that is none or may not be called."""
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or not port or parts.username is not None or parts.scheme not in ("https", "http") or not address.isascii():
        raise FieldError("address", say("地址应以 https:// 开头，例如 https://example.org/taizhang。"))
    for found in addresses(host, port):
        if parts.scheme == "http" and not _inside(found):
            raise FieldError("address", say("外面的地址要用 https://，数据才不会在路上被看到。"))
    return parts


def addresses(host, port):
    """The addresses a name leads to, every one of which may be called. FieldError, else."""
    try:
        found = [ip_address(info[4][0].partition("%")[0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise FieldError("unknown_host", say("找不到主机 {host}。", host=host[:100])) from None
    for address in found:
        if not _public(address) and not _inside(address):
            raise FieldError("private_address", say("{host} 在内部网络，不能推送到那里。可由管理员在设置里放行。", host=host[:100]))
    return found


def _public(address):
    plain = getattr(address, "ipv4_mapped", None) or address
    return (
        plain.is_global and not plain.is_multicast and not any(plain.version == net.version and plain in net for net in _WRAPPING)
    )


def _inside(address):
    plain = getattr(address, "ipv4_mapped", None) or address
    allowed = map(ip_network, config.active().hook_networks)
    return any(plain.version == network.version and plain in network for network in allowed)


def post(address, body, headers):
    """Posts bytes to a webhook and gives the status it answered with. FieldError where it may not be called, Unreachable."""
    import certifi
    import urllib3

    parts = check_web(address)
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    to = str(addresses(host, port)[0])
    if parts.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(
            to, port, timeout=timeout, retries=False, server_hostname=host, assert_hostname=host, ca_certs=certifi.where(),
            cert_reqs="CERT_REQUIRED",
        )  # fmt: skip
    else:
        pool = urllib3.HTTPConnectionPool(to, port, timeout=timeout, retries=False)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        answer = pool.urlopen(
            "POST", path, body=body, headers=headers | {"Host": parts.netloc}, redirect=False, preload_content=False
        )
        answer.close()
        return answer.status
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Unreachable(say("没有连上 {host}：{why}。", host=host, why=type(error).__name__)) from None
    finally:
        pool.close()


def check_message(address):
    """Whether a channel's address (Apprise's notation) is of a kind that is taken. FieldError, else."""
    import apprise  # a fifth of a second: only where messages are sent

    scheme = address.strip().partition("://")[0].lower()
    made = apprise.Apprise.instantiate(address.strip(), suppress_exceptions=True) if scheme in SCHEMES else None
    if made is None:
        raise FieldError("address", say("请填写 {accepted} 之一开头的地址。", accepted=tuple(f"{one}://" for one in SCHEMES)))
    if scheme in _MAIL:
        addresses(made.smtp_host or made.host or "", made.port or 25)
    return made


def message(address, title, text):
    """Sends a message through a channel. FieldError where it may not be used, Unreachable where it was not taken."""
    if not check_message(address).notify(body=text, title=title):
        raise Unreachable(say("消息没有发出去，请核对地址。"))
