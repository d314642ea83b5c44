"""The Markdown summary: its order, what a renderer shows, and that it fits."""

import re
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reportgen.charts.sparkline import Sparkline, sparkline
from reportgen.errors import UsageError
from reportgen.exports import summary_md
from reportgen.model.metrics import Metric
from reportgen.model.origin import Origin
from reportgen.report.report import JobSummary, Report, StreamSummary
from reportgen.text import inert
from reportgen.text.visible import has_visible_text
from tests.samples import HOSTILE, completed, curve, report, summary

URL: Final = "https://ci.example/r/"
OPEN = StreamSummary("caught-up", "still open when the wait ended", 1, 0, 0)
CUT = StreamSummary("interrupted", "HTTP 502", 1, 0, 0)
COMPLETE = StreamSummary("complete", None, 1, 0, 0)

PIECES: Final = [
    *(
        "|",
        "\\|",
        "\\",
        "`",
        "``",
        "*",
        "**a**",
        "_a_",
        "~~a~~",
        "$a$",
        "<script>",
        "<b>",
        "-->",
        "&lt;",
    ),
    *("@user", "#123", "!7", "GH-1", "[a](b)", "![a](b)", "[", "]", "](x)", "https://x.example/y"),
    *("www.x.example", "a@b.example", "x.de", "\n", "\r\n\r\n", "\t", "\u2028", "\x00", "\x1b[2J"),
    *(
        "\u202e",
        "\ud800",
        "\ufffe",
        "# a",
        "- a",
        "---",
        "1. a",
        "a",
        " ",
        "\U0001f600",
        "(",
        ")",
        ":",
    ),
]
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)

gfm = MarkdownIt("gfm-like")


def document(*jobs: JobSummary, url: str | None = None) -> str:
    return summary_md.document(report(jobs=jobs), url)


def children(token: Token) -> list[Token]:
    return token.children or []


def text_of(token: Token) -> str:
    return "".join(child.content for child in children(token))


def table(source: str) -> list[list[Token]]:
    """Return the cells of each row of the body, as a renderer reads them."""
    rows: list[list[Token]] = []
    tokens = gfm.parse(source)
    body = [token.type for token in tokens].index("tbody_open")
    for token in tokens[body:]:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level > 3:
            rows[-1].append(token)
    return rows


def rows(source: str) -> list[list[str]]:
    return [[text_of(cell).replace("\u200b", "") for cell in row] for row in table(source)]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


# --- What it says --------------------------------------------------------------------------------


def test_the_whole() -> None:
    done = replace(completed().summary, sparkline=sparkline(completed().loss))
    failed = summary("job_2", "triage|8k", status="failed", error="CUDA\nout of memory")
    source = summary_md.document(report(jobs=(done, failed)), None, "Nightly #1")
    assert source == (
        "## Nightly \\#&#8203;1\n"
        "\n"
        "**2 jobs · 1 failed, 1 completed**\n"
        "\n"
        "From Arkor Studio, rig-org / rig, http\\://127.0.0.1:4000, "
        "as of 2026-05-01 12:00:00 UTC.\n"
        "\n"
        "| Job | Status | Loss | Best eval loss | Curve | Notes |\n"
        "| --- | --- | ---: | ---: | --- | --- |\n"
        "| triage&#124;8k (job_2) | **failed** | — | — | — | CUDA out of memory |\n"
        "| support-bot-v2 (job_01HV8ZZ1A0DONE) | completed | 0.4958 | 0.6512 at step 400 "
        "| █▆▅▄▃▃▂▂▂▁▁▁▁▁▁▁ |  |\n"
    )
    assert rows(source)[0] == ["triage|8k (job_2)", "failed", *3 * ["—"], "CUDA out of memory"]


def test_jobs_that_need_attention_come_first() -> None:
    jobs = [
        summary("done"),
        summary("cancelled", status="cancelled"),
        summary("queued", status="queued", stream=OPEN),
        summary("running", status="running", stream=OPEN),
        summary("odd", status="paused", stream=OPEN),
        summary("nan", not_finite=2),
        summary("lost", status="running", stream=CUT),
        summary("open", stream=OPEN),
        summary("failed", status="failed"),
        summary("failed too", status="failed", stream=CUT, not_finite=1),
        summary("done too"),
    ]
    jobs = [replace(job, name=None) for job in jobs]
    assert [row[0] for row in rows(document(*jobs))] == [
        *("failed", "failed too", "lost", "open", "nan", "odd", "running", "queued", "cancelled"),
        *("done", "done too"),
    ]


def test_the_totals() -> None:
    jobs = (
        summary("a", status="failed", stream=CUT, not_finite=3),
        summary("b", status="paused", stream=CUT),
        summary("c", status="running", stream=OPEN),
        summary("d"),
    )
    assert (
        "**4 jobs · 1 failed, 1 running, 1 completed, 1 other · 2 streams cut short · "
        "1 job with losses that are not finite**" in document(*jobs)
    )


def test_the_notes() -> None:
    job = summary(status="failed", error="x" * 500, stream=CUT, not_finite=1, listed=False)
    (row,) = rows(document(job))
    assert row[5] == (
        f"{'x' * 159}…; stream interrupted: HTTP 502; 1 loss not finite; no longer listed"
    )
    (row,) = rows(document(summary(status="running", stream=OPEN)))
    assert row[5] == ""


def test_a_last_loss_that_is_not_finite_comes_with_the_last_finite_one() -> None:
    loss = Metric(3, 9.0, 55.11, 0.1, 3, 55.11)
    (row,) = rows(document(summary(loss=loss, last_not_finite="NaN")))
    assert row[2] == "NaN (last finite 55.11)"
    (row,) = rows(document(summary(last_not_finite="-Infinity")))
    assert row[2] == "-Infinity"


def test_the_last_loss_and_the_best() -> None:
    loss, best = Metric(3, 9.0, 0.123456789, 0.1, 3, 9.0), Metric(3, 9.0, 8.0, 0.5, 250, 9.0)
    (row,) = rows(document(summary(loss=loss, eval_loss=best)))
    assert row[2:4] == ["0.1235", "0.5 at step 250"]


def test_no_jobs() -> None:
    source = document()
    assert source.endswith("\n\nNo jobs yet.\n")
    assert "**0 jobs**" in source


@pytest.mark.parametrize("name", [None, "", " \n"])
def test_a_job_without_a_name_goes_by_its_id(name: str | None) -> None:
    (row,) = rows(document(summary("job_1", name)))
    assert row[0] == "job_1"


# --- Links ---------------------------------------------------------------------------------------


def links(source: str) -> list[str]:
    return [
        str(child.attrs["href"])
        for token in gfm.parse(source)
        for child in children(token)
        if child.type == "link_open"
    ]


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://ci.example/r", "https://ci.example/r/"),
        ("https://ci.example/r/", "https://ci.example/r/"),
        ("https://ci.example/r//", "https://ci.example/r/"),
        ("https://ci.example/r/index.html", "https://ci.example/r/"),
        ("https://ci.example/index.HTML", "https://ci.example/"),
        ("https://ci.example", "https://ci.example/"),
        (" http://[::1]:8080/v1.2 ", "http://[::1]:8080/v1.2/"),
        ("https://me:secret@ci.example/r/?token=secret#secret", "https://ci.example/r/"),
        ("https://ci.example/a b/(c)|d`*%20e/é", None),
    ],
)
def test_links_lead_to_the_jobs_pages(url: str, base: str | None) -> None:
    base = base or "https://ci.example/a%20b/%28c%29%7Cd%60%2A%20e/%C3%A9/"
    source = document(summary(slug="job-1"), summary("2", None, slug="job-2"), url=url)
    assert links(source) == [base, f"{base}jobs/job-1.html", f"{base}jobs/job-2.html"]
    assert "secret" not in source
    assert [len(row) for row in rows(source)] == [6, 6]


def test_names_are_plain_text_without_a_url() -> None:
    assert links(summary_md.document(report(), None)) == []


@pytest.mark.parametrize(
    "url", ["", "out/", "javascript:alert(1)", "https://", "https://[x/", f"https://x/{'y' * 2000}"]
)
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"--report-url must be the http\(s\) URL"):
        summary_md.base_url(url)


# --- Hostile texts -------------------------------------------------------------------------------


def hostile_report(name: str, text: str) -> Report:
    jobs = (
        summary(text, name, status="failed", error=text),
        summary(name, None, status=text, stream=StreamSummary("unavailable", text, 0, 0, 0)),
    )
    origin = Origin("studio", "http://127.0.0.1:4000", text, name, text)
    return report(jobs=jobs, origin=origin)


@settings(deadline=None, max_examples=80)
@given(texts, texts, st.sampled_from([None, URL]))
def test_every_text_comes_out_as_text(name: str, text: str, url: str | None) -> None:
    source = summary_md.document(hostile_report(name, text), url, text)
    tokens = gfm.parse(source)
    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} <= {
        *("heading", "paragraph", "inline", "table", "thead", "tbody", "tr", "th", "td")
    }
    allowed = {"text", "strong_open", "strong_close"} | (
        {"link_open", "link_close"} if url else set()
    )
    for token in tokens:
        assert {child.type for child in children(token)} <= allowed
        assert not re.search(r"[@#!]\w|\bGH-\d", text_of(token))
    assert all(link.startswith(URL) for link in links(source))
    assert [len(row) for row in table(source)] == [6, 6]
    assert source == inert.html(source)
    shown = {row[0] for row in rows(source)}
    if has_visible_text(name) and len(name) + len(text) < 30:
        collapsed = [" ".join(part.split()) for part in (name, text)]
        plain, job_id = (inert.html(part).replace("\u200b", "") for part in collapsed)
        assert not job_id or not plain or f"{plain} ({job_id})" in shown


# --- It fits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["support-bot", "@|" * 1_000, "\U0001f600" * 1_000, HOSTILE * 100, "\x1b\u202e" * 500]
)
@pytest.mark.parametrize("url", [None, URL, f"https://x/{'é' * 1_900}"])
def test_it_is_under_65536_characters_whatever_the_jobs(name: str, url: str | None) -> None:
    line = sparkline(completed().loss)
    odd = [summary(f"odd_{n}", name, status=f"{name}{n}", sparkline=line) for n in range(800)]
    failed = [summary(f"f_{n}", name, status="failed", error=name, stream=CUT) for n in range(800)]
    origin = Origin("studio", name, name, name, name)
    source = summary_md.document(report(jobs=(*odd, *failed), origin=origin), url, name)
    assert units(source) < 65_536
    assert len(source.encode()) < 1 << 20
    shown = rows(source)
    assert all(len(row) == 6 for row in shown)
    assert all(row[1] == "failed" for row in shown)
    left_out = 800 - len(shown)
    assert source.endswith(
        f"\nLeft out: {1_600 - len(shown)} more jobs ({left_out} failed, 800 other), "
        "to keep this summary under 65,536 characters. The report has them all.\n"
    )


def test_nothing_is_left_out_while_there_is_room() -> None:
    jobs = [summary(f"job_{n}", None) for n in range(3_000)]
    full = document(*jobs)
    assert 64_000 < units(full) < 65_536
    fitting = len(rows(full))
    assert "Left out" not in document(*jobs[:fitting])
    assert "Left out: 1 more job (1 completed)" in document(*jobs[: fitting + 1])


# --- The curve in characters ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heights", "drawn"),
    [
        ((), ""),
        ((0, *[None] * 30, 40), "▁▂▂▂▃▃▄▄▅▅▆▆▇▇▇█"),
        ((40, *[None] * 30, 0), "█▇▇▇▆▆▅▅▄▄▃▃▂▂▂▁"),
        ((20, 20, *[None] * 30), "▅"),
        ((0, 0, 40, 40, *[None] * 28), "▁█"),
        ((None, None, 40, 40, 0, *[None] * 27), "█▁"),
    ],
)
def test_blocks(heights: Sparkline, drawn: str) -> None:
    assert summary_md.blocks(heights) == drawn


@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), max_size=100))
def test_blocks_of_any_curve(values: list[float]) -> None:
    heights = sparkline(curve(range(len(values)), lambda step: values[step]))
    drawn = summary_md.blocks(heights)
    assert set(drawn) <= set("▁▂▃▄▅▆▇█")
    assert len(drawn) <= 16
    assert bool(drawn) == bool(heights)
