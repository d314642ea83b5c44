"""Redaction: each pattern with a look-alike that stays, and rules for any text."""

import base64
import html
import json
import math
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reportgen.text.credentials import SHAPES, Shape
from reportgen.text.javascript import JSON, Object
from reportgen.text.keys import speaks_of_password, speaks_of_secret
from reportgen.text.patterns import HIDDEN, REDACTED
from reportgen.text.redact import Redactor

OWN: Final = "studio-token/0123+abc"
PLAIN: Final = "zQ9zQ9"
"""No credential by its looks: only its key can tell."""

redactor = Redactor([OWN, "short"])

# --- Keys --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [
        *("token", "hf_token", "HF_TOKEN", "HFToken", "accessToken", "x-api-key", "apiKey"),
        *("APIKey", "APIkey", "apikey", "API_KEY", "key", "keys", "secret", "clientSecrets"),
        *("password", "passWord", "db.password", "DBpassword", "passwd", "pass_phrase", "smtpPass"),
        *("Authorization", "auth", "credential", "awsCredentials", "bearer", "Set-Cookie"),
        *(
            "sessionId",
            "cookies",
            "SENTRY_DSN",
            "azure-sas",
            "githubPat",
            "totp",
            "pins",
            "apiTokens",
        ),
        *(
            "hf_tokens",
            "access-tokens",
            "X-Amz-Signature",
            "token_type",
            "token2",
            "secretTokenId",
            "idToken",
            "my token",
        ),
        "\N{KELVIN SIGN}ey",
    ],
)
def test_key_of_a_secret(key: str) -> None:
    assert speaks_of_secret(key)


@pytest.mark.parametrize(
    "key",
    [
        *("padTokenId", "pad_token_id", "eos-token-id", "tokenID", "eosTokenIDs", "token_ids"),
        *("maxTokens", "tokens", "max_tokens", "tokenizer", "tokenized", "monkey", "keyboard"),
        *(
            "numTokens",
            "newTokens",
            "tokensPerSecond",
            "dataloaderPinMemory",
            "patience",
            "pattern",
        ),
        *("author", "secretary", "passRate", "pass@1", "compass", "loss", "", "_", "turkeys"),
    ],
)
def test_key_without_a_secret(key: str) -> None:
    assert not speaks_of_secret(key)


# --- Credentials -------------------------------------------------------------------------------

CREDENTIALS = {
    "bearer": "Bearer abc123.def-456_x~y+z/w==",
    "bearer, small, words": "bearer my-secret-token",
    "bearer, letters": "BEARER abcdefghijklmnop",
    "bearer, JSON's slash": r"Bearer abc123\/def\u002b456\u003d",
    "basic": "Basic dXNlcjpwYXNzd29yZA==",
    "hugging face": "hf_" + "aB3" * 11,
    "openai": "sk-" + "aB3" * 16,
    "openai project": "sk-proj-aB3_x-yZ0123456789",
    "anthropic": "sk-ant-api03-aB3_x-yZ0123456789",
    "stripe": "sk_live_0123456789abcdef",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "aws session": "ASIAIOSFODNN7EXAMPLE",
    "github": "ghp_" + "aB3" * 12,
    "github server": "ghs_" + "aB3" * 12,
    "github fine-grained": "github_pat_11ABCDEFG0123456789_abcdefghij",
    "gitlab": "glpat-aB3_x-yZ0123456789",
    "slack": "xoxb-0123456789-abcdef",
    "google": "AIza" + "aB3-_" * 7,
    "npm": "npm_" + "aB3" * 12,
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.aB3_x-yZ",
    "jwt, unsigned": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
}


@pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("x ", ", y"),
        ('{"a":"', '"}'),
        (r"{\"a\":\"", r"\"}"),
        (r"a\n", r"\nb"),
        (r"\u00e9", ""),
        ("(", ")"),
        ("x=", ";"),
        ("词", "。"),
    ],
)
def test_credential_is_redacted(credential: str, before: str, after: str) -> None:
    assert redactor.text(f"{before}{credential}{after}") == f"{before}{REDACTED}{after}"


LOOK_ALIKES = [
    *(
        "task-42",
        "disk-full",
        "risk-free-rate-of-return-of-the-year",
        "sk-learn",
        "sk-42",
        "hf_hub",
    ),
    *("sk-learn-pipeline-for-text-classification", "hf_transformers_finetune_baseline_run"),
    *(
        "Bearer of news",
        "the bearer authentication failed.",
        "bearer",
        "Bearer",
        "forbearer abc12345",
    ),
    *(
        "Basic configuration",
        "basic training2",
        "xhf_" + "a" * 34,
        "ghp_short",
        "ghost_" + "a" * 40,
    ),
    *(
        "AKIA",
        "SLAKIA" + "A" * 20,
        "eyJ.not.jwt",
        "eyJhbGciOiJIUzI1NiJ9",
        "xeyJhbGciOiJIUzI1N.aaaaaa.bb",
    ),
    *("maxTokens=5", "github_pattern", "glpat-1", "xox-xox", "short", "Bearer [redacted]"),
    *("git@github.com:org/repo", "a@b.example", "12:30:00", "C:\\temp\\new", "?a=b#c", "//x?y"),
    *("https://", "https://h/p", "https://h:80/p", "http://[::1]:4000/p", "hf://datasets/a@main/b"),
    *("https://h/@scope/p", "Is it https://h/p?", "model:7b"),
]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_look_alike_stays(text: str) -> None:
    assert redactor.event_text(text) == text
    assert redactor.event_text(json.dumps({"a": text})) == json.dumps({"a": text})


# --- The tool's own token ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spelling",
    [
        OWN,
        json.dumps(OWN)[1:-1].replace("/", r"\/"),
        r"studio\u002dtoken/0123\u002Babc",
        r"\u0073tudio-token/0123+abc",
        r"studio\\-token\\/0123+abc",
        "studio-token%2F0123%2babc",
        "studio-token&#47;0123&#x2B;abc",
    ],
)
def test_own_token_is_redacted_however_it_is_spelled(spelling: str) -> None:
    assert redactor.text(f"x{spelling}y") == f"x{REDACTED}y"
    assert redactor.own(f"x{spelling}y".encode()) == f"x{REDACTED}y".encode()
    assert redactor.holds_token(f"x{spelling}y".encode())


@pytest.mark.parametrize("data", [b"studio-token", b"short", b"", b"\\ & % \xff", b"[redacted]"])
def test_other_bytes_stay(data: bytes) -> None:
    assert redactor.own(data) == data
    assert not redactor.holds_token(data)
    assert not Redactor().holds_token(data)


def test_the_longer_of_two_tokens_goes_whole() -> None:
    two = Redactor(["abcdefgh", "abcdefghij"])
    assert two.text("abcdefghij abcdefgh") == f"{REDACTED} {REDACTED}"


@pytest.mark.parametrize("first", "a0-^].$&%<\"' é€😀")
def test_a_token_may_begin_with_anything(first: str) -> None:
    other, token = "somewhere-else", f"{first}tail-of-it"
    ours = Redactor([other, token])
    code = ord(first)
    spellings = [first, json.dumps(first)[1:-1], f"&#{code};", f"&#x{code:x};"]
    if not first.isalnum() or not first.isascii():
        spellings += ["".join(f"%{byte:02X}" for byte in first.encode()), html.escape(first)]
    else:
        spellings = spellings[:2]
    for spelling in spellings:
        text = f"the word {spelling}tail-of-it stands here"
        expected = f"the word {REDACTED} stands here"
        assert ours.text(text) == expected, spelling
        assert ours.own(text.encode()) == expected.encode(), spelling
        assert ours.holds_token(text.encode()), spelling


def test_a_backslash_before_the_token_does_not_escape_the_bracket() -> None:
    assert Redactor(["nnnnnnnn"]).text(r'"\\\nnnnnnnn"') == rf'"\\{REDACTED}"'


def test_a_token_beyond_ascii() -> None:
    beyond = "ключ😀12345"
    for spelling in (beyond, json.dumps(beyond)[1:-1]):
        assert Redactor([beyond]).own(spelling.encode()) == REDACTED.encode()
        assert Redactor([beyond]).text(spelling) == REDACTED


# --- URLs ----------------------------------------------------------------------------------------

URLS = {
    "https://h/p?sig=S": "https://h/p",
    "https://h/p#S": "https://h/p",
    "https://u:S@h/p": "https://h/p",
    "S3+X-y.z://S@h": "S3+X-y.z://h",
    "https://u:S@x:S@h:80/p@q?S": "https://h:80/p@q",
    "postgres://u:S/S@h:5432/db?S": "postgres://h:5432/db",
    "postgres://u:S#S@h/db": "postgres://h/db",
    "http://[::1]:80/p?S": "http://[::1]:80/p",
    "see (https://h/p?a=S), and": "see (https://h/p), and",
    "(https://h/p?a=S)and": "(https://h/p)and",
    "https://h/p?a=(S)&b=S)": "https://h/p)",
    "https://h/p?a=(S&b=S)S end": "https://h/p end",
    "https://h/p?a=S. And": "https://h/p. And",
    "https://h/p?a='S'&b=S end": "https://h/p end",
    "['https://h?a=S','https://u@i?b=S']": "['https://h','https://i']",
    "<https://h/p?S>`https://h/p?S`": "<https://h/p>`https://h/p`",
    "https://h?next=https://i?b=S end": "https://h end",
    "https://h/https://u:S@i/?b=S end": "https://h/https://i/ end",
    "见https://h/p?a=S。然后": "见https://h/p。然后",
    "https://h/p?a=S\nb": "https://h/p\nb",
    '"https://h/p?a=S"': '"https://h/p"',
    r'"https:\/\/u:S@h\/p?a=S\u0026b=S"': r'"https:\/\/h\/p"',
    r'"https:\u002F\u002fu\u0040h\u002fp\u003fa=S\u0023S"': r'"https:\u002F\u002fh\u002fp"',
    r'"x \"https://h/p?a=S\" y"': r'"x \"https://h/p\" y"',
    r'"{\"u\":\"https:\\/\\/h\\/p?a=S\\u0026b=S\"}"': r'"{\"u\":\"https:\\/\\/h\\/p\"}"',
    r'"https://h/p?a=S\nb"': r'"https://h/p\nb"',
    r'"https://h/p?a=S\u0020b"': r'"https://h/p\u0020b"',
    r'"https://h/p?a=S\u003eb"': r'"https://h/p\u003eb"',
}


@pytest.mark.parametrize(("text", "expected"), URLS.items())
def test_url_loses_user_query_and_fragment(text: str, expected: str) -> None:
    assert redactor.text(text) == expected


# --- JSON in texts -------------------------------------------------------------------------------

EVENTS = {
    '{"token":"S","x":1.50}': '{"token":"[hidden]","x":1.50}',
    '[completed] {"a": {"key" : "S"}} x': '[completed] {"a": {"key" : "[hidden]"}} x',
    '{"key":{"a":["}",{"b":"S\\""}]},"x":NaN}': '{"key":"[hidden]","x":NaN}',
    '{"key":[["S"],[]],"x":[]}': '{"key":"[hidden]","x":[]}',
    '{"key":-1.5e3 ,"token":null,"auth":true}': '{"key":-1.5e3 ,"token":"[hidden]","auth":true}',
    '{"password":-1.5e3 ,"pin":12,"otp":true}': (
        '{"password":"[hidden]" ,"pin":"[hidden]","otp":"[hidden]"}'
    ),
    r'{"to\u006ben":"S"}': r'{"to\u006ben":"[hidden]"}',
    r'{"my\"token":"S"}': r'{"my\"token":"[hidden]"}',
    r'{"token\\":"S\\\\","x":["S"]}': r'{"token\\":"[hidden]","x":["S"]}',
    r'{"token\\":["S"]}': r'{"token\\":"[hidden]"}',
    r'{"e":"saw {\"token\": \"S\"} x"}': r'{"e":"saw {\"token\": \"[hidden]\"} x"}',
    r'{"e":"{\"key\":[\"]S\"],\"x\":3}"}': r'{"e":"{\"key\":\"[hidden]\",\"x\":3}"}',
    r'{"e":"{\n  \"pwd\":\n 5\n}"}': r'{"e":"{\n  \"pwd\":\n \"[hidden]\"\n}"}',
    r'{"e":"{\n  \"key\":\n 5\n}"}': r'{"e":"{\n  \"key\":\n 5\n}"}',
    r'{"e":"{\u0022key\u0022:\u0022S\u0022,\u0022x"}': (
        r'{"e":"{\u0022key\u0022:\u0022[hidden]\u0022,\u0022x"}'
    ),
    r'{"e":"\"{\\\"key\\\":\\\"S\\\"}\""}': r'{"e":"\"{\\\"key\\\":\\\"[hidden]\\\"}\""}',
    r'{"e":"cut \"key\": \"S","x":1}': r'{"e":"cut \"key\": \"[hidden]\"","x":1}',
    r'{"e":"cut \"key\": [1, 2","x":1}': r'{"e":"cut \"key\": \"[hidden]\"","x":1}',
    r'{"e":"cut \"key\":","x":1}': r'{"e":"cut \"key\":","x":1}',
    '{"token": "S': '{"token": "[hidden]"',
    '{"token": ["S", {': '{"token": "[hidden]"',
    '{"token": S S, "x": 1': '{"token": "[hidden]", "x": 1',
    '{"token":': '{"token":',
    '{"token": "key": "S"}': '{"token": "[hidden]": "S"}',
    '{"a token": ": x"}': '{"a token": "[hidden]"}',
    '{"a": "the token", "x": 1}': '{"a": "the token", "x": 1}',
    '{"a": "token", ":b": [true, ":c"]}': '{"a": "token", ":b": [true, ":c"]}',
    '{"maxTokens":5,"padTokenId":[0],"x":"key"}': '{"maxTokens":5,"padTokenId":[0],"x":"key"}',
    "the token: S": "the token: S",
}


@pytest.mark.parametrize(("text", "expected"), EVENTS.items())
def test_value_of_a_secret_key_is_hidden_in_text(text: str, expected: str) -> None:
    assert redactor.event_text(text) == expected


def test_adjacent_secrets_are_all_redacted() -> None:
    assert redactor.text("https://h/bearer?S abcd1234efgh") == f"https://h/{REDACTED}"


def test_a_json_escape_is_not_part_of_a_word() -> None:
    text = r'"\bearer abcd1234" "\nhf_"'
    assert redactor.text(text) == text


def test_decoded_value() -> None:
    value: JSON = {
        "a": [{"apiKey": {"x": PLAIN}, "url": "https://u@h/p?S"}, 1.5, None, True],
        CREDENTIALS["github"]: f'saw {{"token": "{PLAIN}"}}',
    }
    assert redactor.value(value) == {
        "a": [{"apiKey": HIDDEN, "url": "https://h/p"}, 1.5, None, True],
        REDACTED: 'saw {"token": "[hidden]"}',
    }


# --- Values that a text assigns to a name --------------------------------------------------------

ASSIGNED = {
    "HF_TOKEN=abcd1234": "HF_TOKEN=[hidden]",
    "export API_KEY=abcd1234 && run": "export API_KEY=[hidden] && run",
    "api_key: abcd1234": "api_key: [hidden]",
    "--hf-token abcd1234 --lr 0.1": "--hf-token [hidden] --lr 0.1",
    "--password hunter -x": "--password [hidden] -x",
    "db password: hunter, next": "db password: [hidden], next",
    "{'api_key': 'abcd1234', 'lr': 0.1}": "{'api_key': '[hidden]', 'lr': 0.1}",
    "{'password': 'a b', 'pin': 1234}": "{'password': '[hidden]', 'pin': [hidden]}",
    "os.environ['HF_TOKEN'] = 'abcd1234'": "os.environ['HF_TOKEN'] = '[hidden]'",
    'TOKEN="abcd1234" x': 'TOKEN="[hidden]" x',
    "a=1,token=abcd1234,b=2": "a=1,token=[hidden],b=2",
    "token=abcd1234&x=1": "token=[hidden]&x=1",
    "password=p@ss,w0rd;x y": "password=[hidden] y",
    "AccountKey=abcd1234/+==;Endpoint=core": "AccountKey=[hidden];Endpoint=core",
    "key=password=hunter": "key=password=[hidden]",
}


@pytest.mark.parametrize(("text", "expected"), ASSIGNED.items())
def test_a_value_that_is_assigned_to_a_secret_name_is_hidden(text: str, expected: str) -> None:
    assert redactor.text(text) == expected
    assert json.loads(redactor.event_text(json.dumps({"a": text}))) == {"a": expected}


@pytest.mark.parametrize(
    "text",
    [
        *("KeyError: 'lora_alpha'", "KeyError: 'lora_alpha12'", "Unexpected token: <"),
        *("KeyException: abcd1234", "token: abcdefgh", "token: abc1234", "tokens: 12345678"),
        *("max_tokens=12345678", "numTokens: 12345678", "padTokenId=12345678", "pin_memory=True"),
        *("tokenizer: llama-3-8b-instruct", "tokensPerSecond=12345.678", "password: [redacted]"),
        "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "id=550e8400-e29b-41d4-a716-446655440000, ulid=01ARZ3NDEKTSV4RRFFQ69G5FAV",
        '{"token": 12345678}',
    ],
)
def test_a_value_that_is_assigned_to_another_name_stays(text: str) -> None:
    assert redactor.event_text(text) == text


PAIRS = {
    '[{"name":"HF_TOKEN","value":"S"}]': '[{"name":"HF_TOKEN","value":"[hidden]"}]',
    '[{"value":["S"],"name":"apiKey"}]': '[{"value":"[hidden]","name":"apiKey"}]',
    '[{"key":"pin","value":12}, 3]': '[{"key":"pin","value":"[hidden]"}, 3]',
    '[{"Key":"LR","Value":"S"}]': '[{"Key":"LR","Value":"S"}]',
    '[{"key":"lr","value":0.10,"token":"S"}]': '[{"key":"lr","value":0.10,"token":"[hidden]"}]',
    '[[{"x":{"name":"a"},"name":"key","value":"S"}]]': (
        '[[{"x":{"name":"a"},"name":"key","value":"[hidden]"}]]'
    ),
}


@pytest.mark.parametrize(("text", "expected"), PAIRS.items())
def test_the_name_of_a_pair_decides_whether_its_value_is_hidden(text: str, expected: str) -> None:
    assert redactor.event_text(text) == expected
    assert redactor.value(json.loads(text)) == json.loads(expected)
    nested = json.dumps({"e": text})
    assert json.loads(redactor.event_text(nested)) == {"e": expected}
    assert redactor.event_text(text[:-1]) == expected[:-1]
    config = Redactor(show=["env"]).config({"env": json.loads(text)})
    assert config == {"env": json.loads(expected)}


# --- Shapes --------------------------------------------------------------------------------------


def credential(shape: Shape, prefix: str, length: int) -> str:
    letters = "a1B2c3D4" if "a-z" in shape.alphabet else "A1B2C3D4"
    letters = "0a1b2c3d" if shape.alphabet == "0-9a-f" else letters
    infix = "api03-" if shape.service == "Anthropic" else ""
    return prefix + infix + (letters * (length // 8 + 1))[:length]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.service)
def test_the_credentials_of_a_service(shape: Shape) -> None:
    assert shape.source.startswith("https://")
    for prefix in shape.prefixes.split():
        for length in (shape.least, 5000):
            secret = credential(shape, prefix, length)
            assert redactor.text(f"x {secret}, y") == f"x {REDACTED}, y"
            assert redactor.text(rf'{{"a":"b\n{secret}"}}') == rf'{{"a":"b\n{REDACTED}"}}'
        if prefix != "sk-":
            short = credential(shape, prefix, shape.least // 2)
            assert redactor.text(f"x {short}, y") == f"x {short}, y"
        inside = f"b{credential(shape, prefix, shape.least)}"
        assert redactor.text(inside) == inside


@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "Token", "token"])
@pytest.mark.parametrize(
    ("before", "after"),
    [("Authorization: ", ""), ("-H 'Authorization: ", "' x"), ("{'authorization': '", "'}")],
)
def test_what_an_authorization_header_holds(scheme: str, before: str, after: str) -> None:
    assert redactor.text(f"{before}{scheme} abc{after}") == f"{before}{REDACTED}{after}"


@pytest.mark.parametrize("line_end", ["\n", "\\n", " "])
@pytest.mark.parametrize("end", ["-----END RSA PRIVATE KEY-----", ""])
def test_a_pem_block(line_end: str, end: str) -> None:
    block = line_end.join(["-----BEGIN RSA PRIVATE KEY-----", "MIIE/+a", "b1==", end])
    assert redactor.text(f"x '{block}' y") == f"x '{REDACTED}' y"


# --- Base64 and other case ----------------------------------------------------------------------


@pytest.mark.parametrize("token", [OWN, "????>>>>", "ab~cd~ef~gh~ij~kl~mn", "t0" * 300])
@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
def test_own_token_is_found_in_base64_amid_other_data(
    token: str, before: int, encode: Callable[[bytes], bytes]
) -> None:
    ours = Redactor([token])
    encoded = encode(b"x" * before + token.encode() + b" and more").decode()
    pieces = [encoded[i : i + 8] for i in range(before + 4, len(token), 8)]
    for text in (encoded, json.dumps(encoded), quote(encoded), encoded.replace("/", r"\/")):
        redacted = ours.text(text)
        assert REDACTED in redacted
        assert not any(piece in redacted for piece in pieces if piece.isalnum())
        assert ours.holds_token(text.encode())
        assert not ours.holds_token(ours.own(text.encode()))


@pytest.mark.parametrize("token", [OWN, "ключ😀12345", "t0" * 300])
def test_own_token_is_found_in_other_case(token: str) -> None:
    ours = Redactor([token])
    for text in (token.upper(), token.lower(), token.title(), quote(token.upper(), safe="")):
        assert ours.text(f"x {text} y") == f"x {REDACTED} y"
        assert ours.own(text.encode()) == REDACTED.encode()


# --- Config and list entries ---------------------------------------------------------------------


def test_config_shows_known_keys_and_plain_values() -> None:
    config: Object = {
        "model": "unsloth/gemma?",
        "datasetSource": {
            "type": "blob",
            "url": "https://u@h/p?sig=S",
            "token": PLAIN,
            "name": 5,
            "revision": "main",
            "split": ["train"],
        },
        "maxSteps": 100,
        "learningRate": 2e-4,
        "packing": True,
        "seed": None,
        "padTokenId": 0,
        "note": "text",
        "list": [1],
        "hfToken": 5,
        "https://u@h": 1,
    }
    assert redactor.config(config) == {
        "model": "unsloth/gemma?",
        "datasetSource": {
            "type": "blob",
            "url": "https://h/p",
            "token": HIDDEN,
            "name": 5,
            "revision": HIDDEN,
            "split": HIDDEN,
        },
        "maxSteps": 100,
        "learningRate": 2e-4,
        "packing": True,
        "seed": HIDDEN,
        "padTokenId": 0,
        "note": HIDDEN,
        "list": HIDDEN,
        "hfToken": 5,
        "https://h": 1,
    }


def test_config_value_of_another_kind_counts_as_unknown() -> None:
    config: Object = {
        "model": ["S"],
        "datasetSource": "S",
        "maxSteps": "S",
        "batchSize": {},
    }
    assert redactor.config(config) == dict.fromkeys(config, HIDDEN)
    assert redactor.config({"model": 7, "datasetSource": None}) == {
        "model": 7,
        "datasetSource": HIDDEN,
    }


def test_config_shows_the_texts_of_known_keys() -> None:
    config: Object = {
        "lrSchedulerType": "cosine",
        "optim": "adamw_8bit",
        "optimizer": "adamw",
        "dtype": "bf16",
        "warmupSteps": "10",
        "maxSteps": "-1",
        "learningRate": "2e-4",
        "datasetSplit": "train[:9%]",
        "datasetFormat": {"type": "chat", "columns": ["a"]},
        "dataset": "org/name",
    }
    assert redactor.config(config) == config
    assert redactor.config({"datasetFormat": "alpaca"}) == {"datasetFormat": "alpaca"}
    secret: Object = {"datasetFormat": {"token": PLAIN}, "dataset": {"token": PLAIN, "name": "n"}}
    assert redactor.config(secret) == {
        "datasetFormat": {"token": HIDDEN},
        "dataset": {"token": HIDDEN, "name": "n"},
    }
    others: Object = {"optim": "any text", "datasetFormat": [1], "seed": "x", "dtype": {"a": 1}}
    assert redactor.config(others) == dict.fromkeys(others, HIDDEN)


def test_config_keys_that_were_asked_for() -> None:
    config: Object = {
        "note": ["https://h?S", {"key": PLAIN}],
        "hfToken": PLAIN,
        "datasetSource": {"revision": "main", "url": "/p?sig=S", "token": PLAIN},
    }
    asked = Redactor(show=["note", "hfToken", "revision"])
    shown = asked.config(config)
    assert shown["note"] == ["https://h", {"key": HIDDEN}]
    assert shown["hfToken"] == HIDDEN
    source: Object = {"revision": "main", "url": "/p", "token": HIDDEN}
    assert shown["datasetSource"] == source
    assert Redactor(show=["datasetSource"]).config(config)["datasetSource"] == source


def test_entry_is_kept_without_its_secrets_only() -> None:
    entry: Object = {
        "id": CREDENTIALS["aws"],
        "name": f"run {CREDENTIALS['aws']}",
        "config": {"note": ["x"], "datasetSource": {"url": "https://h/p?S", "token": PLAIN}},
        "new": {"deep": [{"password": 5, "x": None}]},
        "createdAt": "2026-05-01T00:00:00.000Z",
    }
    assert redactor.entry(entry) == {
        "id": CREDENTIALS["aws"],
        "name": f"run {REDACTED}",
        "config": {"note": ["x"], "datasetSource": {"url": "https://h/p", "token": HIDDEN}},
        "new": {"deep": [{"password": HIDDEN, "x": None}]},
        "createdAt": "2026-05-01T00:00:00.000Z",
    }


# --- For any text --------------------------------------------------------------------------------

PIECES: Final = [
    *('"', "'", "\\", "\\\\", '\\"', "\\u0022", "\\n", "\\/", "\\u002f", "\\u003f", "\\u0026"),
    *(":", "://", "https://", ":\\/\\/", "/", "?", "#", "@", "&", "=", "%", ".", ",", ";", "!"),
    *("{", "}", "[", "]", "(", ")", "<", ">", " ", "\n", "_", "-", "a", "Z", "7", "é", "。"),
    *(
        "token",
        '"key":',
        '"key": ',
        '"x":',
        '\\"key\\":',
        "bearer ",
        "Bearer",
        "basic ",
        "sk-",
        "hf_",
    ),
    *("eyJ", "\ud800", "\U0001f600", "aB3aB3aB3aB3aB3aB3", "eyJhbGciOi.eyJzdWIi.", OWN, OWN[:12]),
    *("[redacted]", "[hidden]", "h:pw", "null", "u@h", *CREDENTIALS.values()),
]
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=2)), max_size=14).map("".join)


@given(texts)
def test_redacting_again_changes_nothing(text: str) -> None:
    once = redactor.text(text)
    assert redactor.text(once) == once
    event = redactor.event_text(text)
    assert redactor.event_text(event) == event


@given(texts, texts)
def test_own_token_never_gets_through(before: str, after: str) -> None:
    text = before + OWN + after
    assert OWN not in redactor.event_text(text)
    data = redactor.own(text.encode("utf-8", "surrogatepass"))
    assert OWN.encode() not in data
    assert not redactor.holds_token(redactor.own(data))


def spellings(character: str) -> list[str]:
    """Return ways in which JSON, HTML, Markdown or a URL may spell a character."""
    numbers = "".join(
        f"\\u{unit:04x}" for unit in memoryview(character.encode("utf-16")).cast("H")[1:]
    )
    if character.isascii() and character.isalnum():
        return [character, numbers]
    code, quoted = ord(character), quote(character, safe="")
    plain = [character] if character.isascii() and character != "\\" else []
    return [
        numbers,
        quoted,
        f"&#{code};",
        f"&#X{code:x};",
        *plain,
        *(f"\\{sign}" for sign in plain),
    ]


@given(st.data(), st.text("aZ9-._/&<'é😀", min_size=8, max_size=12), texts, texts)
def test_own_token_is_found_however_each_character_is_spelled(
    data: st.DataObject, token: str, before: str, after: str
) -> None:
    assume(token not in REDACTED)
    # In some tokens a single character is escaped, so each spelling must be recognised on its own.
    escaped = data.draw(st.sets(st.integers(0, len(token) - 1), min_size=1, max_size=len(token)))
    spelled = "".join(
        data.draw(st.sampled_from(spellings(character))) if place in escaped else character
        for place, character in enumerate(token)
    )
    text = f"{before}|{spelled}|{after}".encode("utf-8", "surrogatepass")
    assert Redactor([token]).holds_token(text)
    assert not Redactor([token]).holds_token(Redactor([token]).own(text))


keys = st.one_of(
    st.sampled_from(["token", "api_key", "password", "x", "maxTokens", "a token", "key\\", '"key']),
    st.text(max_size=4),
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False), texts)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)


@given(value=values, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_json_stays_json(value: JSON, *, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    json.loads(redactor.event_text(text))


plain_values = st.recursive(
    st.one_of(leaves.filter(lambda leaf: not isinstance(leaf, str)), st.text("abc\\\"'/é\n ☃")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)


def hidden(value: JSON, key: str = "") -> JSON:
    plain = isinstance(value, bool | int | float) and not speaks_of_password(key)
    if speaks_of_secret(key) and not plain:
        return HIDDEN
    if isinstance(value, list):
        return [hidden(item) for item in value]
    if isinstance(value, dict):
        return {k: hidden(v, k) for k, v in value.items()}
    return value


@given(value=plain_values, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_only_values_of_secret_keys_change(
    value: JSON, *, ascii_only: bool, indent: int | None
) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert json.loads(redactor.event_text(text)) == hidden(value)
    assert redactor.value(value) == hidden(value)
    nested = json.dumps({"e": text})
    assert json.loads(json.loads(redactor.event_text(nested))["e"]) == hidden(value)


def marked(value: JSON) -> JSON:
    """Replace every leaf by the secret."""
    if isinstance(value, list):
        return [marked(item) for item in value]
    if isinstance(value, dict):
        return {key: marked(item) for key, item in value.items()}
    return f"{value}{PLAIN}{value}" if isinstance(value, str) else PLAIN


@given(
    values, st.sampled_from(["token", "apiKey", "to\\u006ben", "x_secret"]), texts, st.integers(0)
)
def test_no_secret_survives_under_its_key(value: JSON, key: str, prefix: str, cut: int) -> None:
    text = f'{{"{key}": {json.dumps(marked(value))}'
    # Cut off anywhere, it is not JSON, and still no secret leaks.
    text = text[: len(key) + 5 + cut % (len(text) - len(key) - 4)]
    for level in (text, json.dumps(text), json.dumps(json.dumps(text))):
        assert PLAIN not in redactor.event_text("[failed] " + level)
    prefix = prefix.replace('"', "").replace("u0022", "")
    assert PLAIN not in redactor.event_text(f"{prefix} {text}")


# --- Time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prefix", ["", '"key":', '"key":"', '"key":[', "http://", "http://x?", r"\u"]
)
@pytest.mark.thorough
def test_time_is_linear(prefix: str) -> None:
    units = [
        *(
            '"',
            "[",
            "{",
            "\\",
            '\\"',
            "sk-",
            "hf_",
            "eyJ",
            "eyJ-",
            "eyJaaaaaa.aaaa.",
            "bearer ",
            "a",
        ),
        *(
            "A",
            "-",
            " ",
            "://",
            "http://",
            "http://a?",
            "http://u@",
            "@",
            ")",
            "(",
            "'",
            "&",
            "\\/",
        ),
        *(
            '":',
            '"a":',
            '"key":',
            '"key":[',
            "\\u0022",
            "\\u0022key\\u0022:",
            "sk-a-",
            "github_pat_",
        ),
        *("key=", "key: ", "--key ", "'key': '", "password=,", "key=a,", "-----BEGIN A-----"),
        *("SG.", "SG.aaaaaaaaaaaaaaaaaaaa-", "Authorization: Token ", "authorization:", "%25"),
        *('[{"name":"key","value":', '[{"key":', '"value":', '[{"value":[', '"key":{"value":"'),
        *("&amp;", "&#", OWN[:-1], base64.b64encode(OWN.encode()).decode()[:-4], "token:token:"),
    ]
    for unit in units:
        text = prefix + unit * (100_000 // len(unit))
        start = time.process_time()
        redactor.event_text(text)
        # A tenth of that is usual; quadratic time would take minutes.
        assert time.process_time() - start < 1, unit


def test_deep_nesting_needs_no_recursion() -> None:
    deep = "[" * 100_000
    assert redactor.event_text('{"key":' + deep) == '{"key":"[hidden]"'
    assert redactor.event_text('{"token":' + deep + "]" * 100_000 + "}") == '{"token":"[hidden]"}'


def test_numbers_that_json_does_not_have() -> None:
    assert math.isnan(float(str(redactor.value(math.nan))))
    text = '{"loss":NaN,"key":-Infinity}'
    assert redactor.event_text(text) == text
    assert redactor.event_text('{"pin":-Infinity}') == '{"pin":"[hidden]"}'
