"""Which Studio is asked, and with which token: several run at once and share one token file."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.errors import SourceError
from reportgen.sources import JobList, which_studio
from reportgen.sources.credentials import Scope
from reportgen.sources.http import BaseURL
from reportgen.sources.studio import Studio
from reportgen.text.secrets import Secrets
from tests.command import Command, Result
from tests.parameters import thorough
from tests.snapshotting import NOW, take
from tests.standin import (
    Cloud,
    Hold,
    Opening,
    Replay,
    StandIn,
    Stream,
    job,
    raw,
    refusal,
    reply,
    training,
)

ACME = Scope("acme", "support")
BASES = [BaseURL.parse(f"http://127.0.0.1:{port}") for port in range(4000, 4003)]


# --- The rule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pages", "scopes", "known", "explicit", "scope", "port", "token"),
    [
        # The Studio whose page has the known token, wherever it is.
        (["a", "b", None], [], "b", False, None, 4001, "b"),
        (["a", "b", None], [], "b", True, ACME, 4001, "b"),
        # A known token that is another's, stale or gone: the first Studio's own.
        (["a", "b", None], [], "old", False, None, 4000, "a"),
        ([None, "b", "c"], [], None, False, None, 4001, "b"),
        # The first of the project's scope; the first of all if there is none.
        (["a", "b", "c"], [None, ACME, ACME], "old", False, ACME, 4001, "b"),
        (["a", "b", None], [Scope("acme", "other"), None, None], None, False, ACME, 4000, "a"),
        # A token that the user named is never replaced.
        ([None, "b", None], [None, ACME, None], "mine", True, ACME, 4001, "mine"),
        # Pages without a token.
        ([None, None, None], [], "known", False, ACME, 4000, "known"),
        ([None, None, None], [], None, False, None, 4000, None),
    ],
)
def test_the_choice(
    *,
    pages: list[str | None],
    scopes: list[Scope | None],
    known: str | None,
    explicit: bool,
    scope: Scope | None,
    port: int,
    token: str | None,
) -> None:
    async def page_token(base: BaseURL) -> str | None:
        return pages[BASES.index(base)]

    async def scope_of(base: BaseURL, token: str) -> Scope | None:
        assert token == pages[BASES.index(base)], "a Studio is asked with its own token"
        return scopes[BASES.index(base)]

    choice = asyncio.run(
        which_studio.choose(
            BASES, known, explicit=explicit, scope=scope, page_token=page_token, scope_of=scope_of
        )
    )
    assert (choice.base.url, choice.token) == (f"http://127.0.0.1:{port}", token)


@pytest.mark.parametrize(
    ("page", "token"),
    [
        ('<meta name="arkor-studio-token" content="abc">', "abc"),
        ("<META content='a&amp;b' Name='arkor-studio-token'/>", "a&b"),
        ('<meta name="arkor-studio-token" content=" abc ">', "abc"),
        ('<meta name="arkor-studio-token" content="">', None),
        ('<meta name="arkor-studio-token" content="a b">', None),
        ('<meta name="arkor-studio-token" content="a\u202eb">', None),
        ('<meta name="arkor-studio-token">', None),
        ('<!-- <meta name="arkor-studio-token" content="abc"> -->', None),
        ("<script>\"<meta name='arkor-studio-token' content='abc'>\"</script>", None),
        ('<meta name="another-token" content="abc">', None),
        ("{}", None),
        ("", None),
    ],
)
def test_the_token_in_a_page(page: str, token: str | None) -> None:
    assert which_studio.token_in(page.encode()) == token


# --- Studios that run ----------------------------------------------------------------------------


class Search:
    """A reading of the list from one of several Studios, in this order."""

    def __init__(self, *urls: str, token: str | None = None, scope: Scope | None = None) -> None:
        self.secrets = Secrets()
        self.messages: list[str] = []
        self.urls = urls
        self.token = token
        self.scope = scope

    def read_token(self) -> str:
        if self.token is None:
            raise SourceError("There is no Studio token.")
        return self.token

    def studio(self) -> Studio:
        return Studio(
            [BaseURL.parse(url) for url in self.urls],
            self.read_token,
            self.secrets,
            scope=self.scope,
            environment={},
            now=lambda: NOW,
            warn=self.messages.append,
        )

    def read(self, between: Callable[[], None] = lambda: None) -> JobList:
        """Read the list twice, with something happening in between."""

        async def reading() -> JobList:
            studio = self.studio()
            try:
                await studio.jobs()
                between()
                jobs = await studio.jobs()
                self.messages.append(jobs.introduction)
                return jobs
            finally:
                await studio.close()

        return asyncio.run(reading())


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def assert_only_own_tokens(*studios: StandIn) -> None:
    """Check that pages were asked for without a token, and no Studio got another's."""
    for studio in studios:
        for request in studio.requests:
            given = request.headers.get("x-arkor-studio-token")
            assert given == (None if request.path == "/" else studio.token), request


def test_a_program_that_is_not_a_studio_gets_no_token() -> None:
    with StandIn() as other, StandIn(job()) as mine:
        other.answers.overrides["all"] = reply(200, b"<title>Another program</title>")
        search = Search(free_address(), other.url, mine.url, token=mine.token)
        assert len(search.read().entries) == 1
        assert [request.path for request in other.requests] == ["/"]
        assert_only_own_tokens(other, mine)
    assert search.messages == [f"reading the Studio at {mine.url}, whose page has the known token"]


@pytest.mark.parametrize(
    "answer",
    [refusal(404, "no"), refusal(302, "away", {"location": "/elsewhere"}), raw(b"\0" * 99),
     pytest.param(Stream(before=(Hold(),)), marks=pytest.mark.thorough)],
)  # fmt: skip
def test_whatever_else_a_port_answers_is_passed_over(answer: Stream) -> None:
    with StandIn() as other, StandIn(job()) as mine:
        other.answers.overrides["all"] = answer
        assert len(Search(other.url, mine.url).read().entries) == 1
        assert [request.path for request in other.requests] == ["/"]


def test_the_studio_of_the_projects_scope() -> None:
    ours = Cloud(org="acme", project="support")
    with StandIn() as other, StandIn(job(), cloud=ours) as mine:
        search = Search(other.url, mine.url, token="of-a-launch-that-is-over", scope=ACME)
        assert len(search.read().entries) == 1
        assert_only_own_tokens(other, mine)
        tokens = f"{other.token} {mine.token} {search.token}"
    assert search.secrets.redactor.text(tokens) == "[redacted] [redacted] [redacted]"
    (message,) = search.messages
    assert f"{mine.url} of acme/support, with the token of its own page" in message
    assert f"another is at {other.url}" in message


def test_a_studio_that_was_started_again_while_the_file_has_anothers_token() -> None:
    with StandIn() as other, StandIn(job()) as mine:
        search = Search(mine.url, token=mine.token)

        def start_again() -> None:
            mine.answers.token = "token-of-the-next-launch"  # noqa: S105
            search.token = other.token

        assert len(search.read(start_again).entries) == 1


def test_requests_that_are_refused_at_once_all_get_the_new_token() -> None:
    with StandIn(job()) as mine:
        search = Search(mine.url, token=mine.token)

        async def reading() -> int:
            studio = search.studio()
            await studio.jobs()
            mine.answers.token = search.token = "token-of-the-next-launch"  # noqa: S105
            mine.answers.overrides["page"] = refusal(404, "no page")
            lists = await asyncio.gather(*(studio.jobs() for _ in range(5)))
            await studio.close()
            return sum(len(jobs.entries) for jobs in lists)

        assert asyncio.run(reading()) == 5


# --- The command ---------------------------------------------------------------------------------


def build(command: Command, studio: StandIn, *arguments: str) -> Result:
    return command.run("build", "--url", studio.url, *arguments)


def keep_token(command: Command, token: str) -> Path:
    file = command.directory / "home/.arkor/studio-token"
    file.parent.mkdir(parents=True)
    file.write_text(token)
    return file


@pytest.mark.parametrize("kept", [None, *thorough("token-of-another-studio", "not a token")])
def test_an_address_whose_token_is_not_known(command: Command, kept: str | None) -> None:
    if kept is not None:
        keep_token(command, kept)
    with StandIn(job(events=training(3))) as studio:
        result = build(command, studio)
        pages = [request for request in studio.requests if request.path == "/"]
    assert result.code == 0, result.stderr
    assert f"reading the Studio at {studio.url}" in result.stderr
    assert result.job("job_1")["stream"]["state"] == "complete"
    assert [page.headers.get("x-arkor-studio-token") for page in pages] == [None] * len(pages)
    assert studio.token not in result.stderr


def test_a_token_that_the_user_named_is_not_replaced(command: Command) -> None:
    file = command.directory / "named"
    file.write_text("token-of-another-studio")
    with StandIn(job()) as studio:
        result = build(command, studio, "--token-file", str(file))
        assert {request.path for request in studio.requests} & {"/"} == set()
    assert result.code == 3
    assert "Studio refused the token (403: Missing or invalid studio token)" in result.stderr


def test_doctor_reports_each_place_of_a_token(command: Command) -> None:
    with StandIn(job()) as studio:
        result = command.run("doctor", "--url", studio.url)
        assert result.code == 0, result.stderr
        assert "ARKOR_REPORT_TOKEN: not set" in result.stdout
        assert "~/.arkor/studio-token: not found" in result.stdout
        assert f"{studio.url}, with the token of its own page" in result.stdout
        keep_token(command, studio.token)
        result = command.run("doctor", "--url", studio.url)
        assert "~/.arkor/studio-token: found" in result.stdout
        assert studio.token not in result.stdout + result.stderr


# --- Without a project ---------------------------------------------------------------------------


def lose_project(studio: StandIn) -> None:
    studio.answers.credentials = {**studio.answers.credentials, "projectSlug": None}


def test_a_studio_without_a_project(command: Command) -> None:
    with StandIn() as studio:
        lose_project(studio)
        result = command.build(studio)
        doctor = command.run("doctor", *command.options(studio))
    assert (result.code, result.stderr.count("Studio has no project")) == (0, 1)
    assert "no project" in (result.out / "index.html").read_text("utf-8")
    assert (doctor.code, doctor.stdout.count("Studio has no project")) == (0, 1)


@pytest.mark.parametrize("org", ["anon-a1b2", *thorough(None)])
def test_a_report_in_which_all_jobs_are_gone_is_never_published(
    command: Command, org: str | None
) -> None:
    with StandIn(job(events=training(3))) as studio:
        home = command.build(studio).out / "index.html"
        before = home.read_bytes()
        lose_project(studio)
        studio.answers.credentials = {**studio.answers.credentials, "orgSlug": org}
        result = command.build(studio)
    assert result.code == 3
    assert result.stderr.count("Studio has no project") == 1
    assert home.read_bytes() == before


def test_an_empty_list_of_a_project_is_no_loss_of_the_project(command: Command) -> None:
    with StandIn(job(events=training(3))) as studio:
        command.build(studio)
        studio.jobs.unlist("job_1")
        result = command.build(studio)
    assert result.code == 0, result.stderr
    assert result.job("job_1")["listed"] is False


def test_a_project_that_is_lost_while_streams_are_read(tmp_path: Path) -> None:
    def losing(opening: Opening) -> Stream:
        lose_project(studio)
        return Replay()(opening)

    with StandIn(job(events=training(3), script=losing)) as studio:
        fetched = take(studio, tmp_path / "snapshot")
    assert fetched.listing.listed == ("job_1",)
    (warning,) = fetched.watcher.warnings
    assert "Studio has no project" in warning
