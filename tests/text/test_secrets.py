"""Learned secrets are redacted from then on, and the redactor is built once for them."""

from reportgen.text.javascript import Object
from reportgen.text.keys import secret_texts
from reportgen.text.secrets import Secrets


def test_the_redactor_is_kept_until_something_is_learned() -> None:
    secrets = Secrets(["the-first-token"])
    first = secrets.redactor
    assert first.text("the-first-token the-second-token") == "[redacted] the-second-token"
    secrets.learn("the-first-token")
    secrets.learn("")
    assert secrets.redactor is first
    secrets.learn("the-second-token")
    assert secrets.redactor.text("the-first-token the-second-token") == "[redacted] [redacted]"


def test_texts_beneath_secret_keys_are_found_at_any_depth() -> None:
    fields: Object = {
        "mode": "oauth",
        "accessToken": "a",
        "refreshToken": "r",
        "expiresAt": 5,
        "more": [{"credentials": {"user": "u", "codes": ["c", 7]}}],
    }
    assert list(secret_texts(fields)) == ["a", "r", "u", "c"]
