"""Which proxy serves a server, as the environment says, and what is wrong with what it says."""

from importlib.util import find_spec

import httpx
import pytest

from reportgen.errors import SourceError
from reportgen.sources.route import proxy_for

pytestmark = pytest.mark.thorough

PROXY = "http://proxy.example:3128"
NAME, V4, V6 = "https://api.example.com", "https://10.1.2.3", "https://[fd07::5]:8443"


def shown(url: str, environment: dict[str, str]) -> str | None:
    proxy = proxy_for(httpx.URL(url), environment)
    return None if proxy is None else proxy.shown


@pytest.mark.parametrize(
    ("url", "no_proxy"),
    [
        *((url, entry) for url in (NAME, V4, V6) for entry in ("*", "a,*", "a *", " * ")),
        *(
            (NAME, entry)
            for entry in (
                "example.com", ".example.com", "*.example.com", "API.EXAMPLE.COM", "example.com.",
                "api.example.com:443", "localhost, example.com", "fd07::/64,.com",
                "[::1],example.com", "https://example.com", "https://example.com/",
                "10.0.0.0/8 com",
            )
        ),
        *((V4, entry) for entry in ("10.1.2.3", "10.0.0.0/8", "10.1.2.99/24", "10.1.2.3:443")),
        *(
            (V6, entry)
            for entry in ("fd07::5", "[fd07::5]", "fd07::/64", "[fd07::]/64", "[fd07::5]:8443",
                          "FD07:0::5", "10.0.0.0/8,fd07::/16")
        ),
    ],
)  # fmt: skip
def test_exempt(url: str, no_proxy: str) -> None:
    for variable in ("no_proxy", "NO_PROXY"):
        assert shown(url, {"HTTPS_PROXY": PROXY, variable: no_proxy}) is None


@pytest.mark.parametrize(
    ("url", "no_proxy"),
    [
        *((url, "") for url in (NAME, V4, V6)),
        *(
            (NAME, entry)
            for entry in ("ple.com", "xapi.example.com", "api.example.com:8443", "10.0.0.0/8",
                          "fd07::/64", "[::1]", "localhost", "_x", "a;b", "ex\u00e4mple.com")
        ),
        *((V4, entry) for entry in ("11.0.0.0/8", "::/0", "1.2.3", "10.1.2.3:80")),
        *((V6, entry) for entry in ("fd08::/64", "[::1]", "0.0.0.0/0", "[fd07::5]:443")),
    ],
)  # fmt: skip
def test_not_exempt(url: str, no_proxy: str) -> None:
    assert shown(url, {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy}) == PROXY


@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
@pytest.mark.parametrize(
    "entry",
    ["fd07::/200", "10.0.0.0/99", "[::1", "::1]", "http://h:port", "h:port", "u:hunter2@h", "a/b",
     ":443", "..", ".", "a..b", "x" * 64, "h:99999", "http://[", "[fd07::]/x", "a?b", "a#b"],
)  # fmt: skip
def test_what_no_exception_can_be_is_named(variable: str, entry: str) -> None:
    for also in ({}, {"HTTPS_PROXY": PROXY}):
        with pytest.raises(SourceError, match=f"^{variable} has an entry") as error:
            shown(NAME, {variable: f"localhost,{entry}", **also})
        assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("http://h:1", "http://h:1"),
        ("h:1", "http://h:1"),
        ("h", "http://h"),
        ("https://h", "https://h"),
        ("u:hunter2@h:1", "http://h:1"),
        ("http://u:hunter2%40%2F%23@h:1/", "http://h:1"),
        ("http://u@h", "http://h"),
        ("[::1]:3128", "http://[::1]:3128"),
        (" h:1 ", "http://h:1"),
    ],
)
@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_proxies(variable: str, value: str, expected: str) -> None:
    proxy = proxy_for(httpx.URL(NAME), {variable: value})
    assert proxy is not None
    assert (proxy.shown, proxy.variable) == (expected, variable)


@pytest.mark.parametrize("variable", ["https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value",
    ["http://host:port", "http://u:hunter2@h:hunter2", "http://u:hunter2/x@h:80", "http://",
     "http://u:12#hunter2@h", "http://u:12?hunter2@h", "http://u:12/hunter2@h", "://", "http:///x",
     "http://h:0", "http://h:99999", "http://[::1", "x" * 64, "a..b", "ftp://u:hunter2@h",
     "htp://u:hunter2@h", "socks9://u:hunter2@h", "socks4://h", "\ud800", "\0"],
)  # fmt: skip
def test_what_is_no_proxy_is_named_and_not_shown(variable: str, value: str) -> None:
    with pytest.raises(SourceError, match=f"^{variable} ") as error:
        shown(NAME, {variable: value})
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks_needs_a_package(scheme: str) -> None:
    if find_spec("socksio") is None:
        with pytest.raises(SourceError, match=r"^ALL_PROXY .*pip install 'httpx\[socks\]'"):
            shown(NAME, {"ALL_PROXY": f"{scheme}://u:hunter2@h:1"})
    else:
        assert shown(NAME, {"ALL_PROXY": f"{scheme}://u:hunter2@h:1"}) == f"{scheme}://h:1"


def test_which_variable_counts() -> None:
    assert shown(NAME, {"HTTP_PROXY": PROXY}) is None, "only https goes to remote servers"
    assert shown(NAME, {"https_proxy": "a", "HTTPS_PROXY": "b", "ALL_PROXY": "c"}) == "http://a"
    assert shown(NAME, {"https_proxy": "", "HTTPS_PROXY": "b"}) is None
    assert shown(NAME, {"HTTPS_PROXY": " ", "ALL_PROXY": "c"}) == "http://c"
    assert shown(NAME, {"HTTPS_PROXY": "a", "no_proxy": "", "NO_PROXY": "*"}) == "http://a"


def test_a_wrong_proxy_that_is_not_needed() -> None:
    assert shown(NAME, {"HTTPS_PROXY": "http://host:port", "NO_PROXY": "example.com"}) is None
