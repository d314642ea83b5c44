"""The README's recipes do what they promise: read from it, and run against a real server."""

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml
from junitparser import JUnitXml

from tests.command import Command
from tests.pipelines import GitHub, GitLab
from tests.recipes import (
    BROKEN,
    BUILDS,
    CHECKOUT,
    CLOUD,
    DONE,
    TOKEN,
    WHEEL,
    Fence,
    at_home,
    codes,
    fences,
    files_of,
    in_ci,
    machine,
    opened,
    recipe,
)
from tests.standin import Job, StandIn, job, started, training

pytestmark = pytest.mark.thorough

CHAPTERS = ["In CI and cron", "Better than before?", "On a wall", "More than one process"]
RECIPES = [
    ("GitHub Actions", "yaml"),
    ("GitHub Actions", "yaml"),
    ("GitLab", "yaml"),
    ("Jenkins", "groovy"),
    ("cron", "crontab"),
    ("systemd", "ini"),
    ("systemd", "ini"),
    ("In a pull request", "yaml"),
    ("Every night", "crontab"),
    ("On a wall", "crontab"),
    ("More than one process", "bash"),
    ("More than one process", "yaml"),
]


def recipes() -> list[Fence]:
    return [each for each in fences() if each.chapter in CHAPTERS]


# --- All of them ---------------------------------------------------------------------------------


def test_each_recipe_is_tried_here() -> None:
    found = [(each.section or each.chapter, each.language) for each in recipes()]
    assert found == RECIPES


def test_every_recipe_limits_its_waiting() -> None:
    builds = [build for each in recipes() for build in BUILDS.findall(each.text)]
    assert len(builds) == 11
    for build in builds:
        assert re.search(r" --max-wait (0|\d+m)( |$)", build), build


def test_what_recipes_install_is_this_project() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    installed = [
        file for each in recipes() for file in re.findall(r"pipx? install (.*)", each.text)
    ]
    assert installed
    assert set(installed) == {WHEEL}
    assert WHEEL.startswith(f"wheels/{project['name'].replace('-', '_')}-")
    assert project["scripts"] == {"arkor-report": "reportgen.cli:main"}


# --- GitHub --------------------------------------------------------------------------------------


def workflow(number: int) -> Any:
    return yaml.safe_load(recipe("GitHub Actions", "yaml", number))


def test_github_keeps_everything_of_a_build_that_fails_by_its_rules(tmp_path: Path) -> None:
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        github = GitHub(tmp_path, in_ci(tmp_path, server), {"ARKOR_TOKEN": TOKEN})
        played = github.play(workflow(0))
        assert codes(played.ran) == [0, 5], played.ran[-1].stderr
        assert played.results == {"report": False, "deploy": True}
        assert files_of(played.artifact("training-report")).keys() == {"report.html"}
        assert "job_broken" in (played.artifact("training-report") / "report.html").read_text()
        assert played.site is not None
        assert (played.site / "jobs/job_broken.html").is_file()
        assert "job_broken" in played.summary
        assert "::error" in played.ran[-1].stderr
        before = opened(server)
        again = github.play(workflow(0))
        assert codes(again.ran) == [0, 5]
        assert opened(server) == before, "what was saved is not restored"


def test_github_gives_each_job_only_the_permissions_that_it_needs() -> None:
    for number in (0, 1):
        assert workflow(number)["permissions"] == {"contents": "read"}
    jobs = workflow(0)["jobs"]
    assert "permissions" not in jobs["report"]
    assert jobs["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_github_starts_on_demand_and_on_schedule() -> None:
    # YAML 1.1 reads the key `on` as true.
    triggers = workflow(0)[True]
    assert triggers.keys() == {"workflow_dispatch", "schedule"}
    (schedule,) = triggers["schedule"]
    assert_is_a_schedule(schedule["cron"])
    assert workflow(1)[True] == "workflow_dispatch"


# --- A baseline ----------------------------------------------------------------------------------


def run(name: str, day: int, steps: int) -> Job:
    """Return a completed run of one name; the longer it is, the lower its loss."""
    created = f"2026-05-{day:02}T00:00:00Z"
    return job(name, name="support-bot", createdAt=created, events=training(steps, name))


def test_a_pull_requests_run_is_measured_against_mains_last(tmp_path: Path) -> None:
    compare = yaml.safe_load(recipe("In a pull request", "yaml"))
    assert compare[True] == "pull_request"
    assert compare["permissions"] == {"contents": "read"}
    # That one of main's own runs got worse is not the pull request's fault.
    main = [run("last", 3, 40), run("slump", 2, 8), run("first", 1, 80)]
    with StandIn(*main, cloud=CLOUD) as server:
        github = GitHub(tmp_path, in_ci(tmp_path, server), {"ARKOR_TOKEN": TOKEN})
        assert codes(github.play(workflow(0)).ran) == [0, 0]
        server.jobs.remove("last")  # from here on, only the cache has it
        server.jobs.add(run("worse", 4, 8), first=True)
        worse = github.play(compare)
        server.jobs.remove("worse")
        server.jobs.add(run("better", 5, 50), first=True)
        better = github.play(compare)
    assert (codes(worse.ran), codes(better.ran)) == ([0, 5], [0, 0]), better.ran[-1].stderr
    assert re.findall(r"regression>5%: (\w+)", worse.ran[-1].stderr) == ["worse"]
    assert "% worse than support-bot (2026-05-03 00:00)" in worse.summary
    assert "% better than support-bot (2026-05-03 00:00)" in better.summary


def test_a_run_that_is_not_over_in_time_fails_its_pull_request(tmp_path: Path) -> None:
    compare = recipe("In a pull request", "yaml").replace("--max-wait 90m", "--max-wait 0")
    running = job("running", "running", name="support-bot", events=[started("running")])
    with StandIn(running, run("last", 2, 40), cloud=CLOUD) as server:
        github = GitHub(tmp_path, in_ci(tmp_path, server), {"ARKOR_TOKEN": TOKEN})
        played = github.play(yaml.safe_load(compare))
    assert codes(played.ran) == [0, 5]
    assert "incomplete: running" in played.ran[-1].stderr


def test_cron_mails_only_what_got_worse_in_a_night(tmp_path: Path) -> None:
    (command,) = crontab("Every night")
    with StandIn(run("good", 3, 40), run("old", 2, 8), run("older", 1, 50)) as studio:
        here = at_home(tmp_path, studio)
        quiet = here.run(command, here.home, SOURCE_DATE_EPOCH="1777778220")  # 2026-05-03 03:17
        studio.jobs.add(run("bad", 4, 8), first=True)
        mailed = here.run(command, here.home, SOURCE_DATE_EPOCH="1777864620")  # a day later
    assert (quiet.code, quiet.stdout, quiet.stderr) == (0, "", "")
    assert (mailed.code, mailed.stdout) == (5, "")
    assert re.findall(r"regression>5%: (\w+)", mailed.stderr) == ["bad"]


# --- A wall --------------------------------------------------------------------------------------


def test_a_wall_shows_running_jobs_and_reloads_itself(tmp_path: Path) -> None:
    build, serve = crontab("On a wall")
    running = job("running", "running", events=[started("running")])
    with StandIn(running, *DONE) as studio:
        here = at_home(tmp_path, studio)
        ran = here.run(build, here.home)
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "")
    words = shlex.split(serve.replace("$HOME", str(here.home)))
    assert words[:4] == ["python3", "-m", "http.server", "8000"]
    words[:4] = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            (port,) = re.findall(r"port (\d+)", server.stdout.readline())
            with urlopen(f"http://127.0.0.1:{port}/") as answer:
                page = answer.read().decode()
        finally:
            server.terminate()
    assert '<meta name="auto-refresh" content="60">' in page
    assert 'href="jobs/running.html"' in page


# --- GitLab --------------------------------------------------------------------------------------


def test_gitlab_keeps_and_publishes_what_fails_by_its_rules(tmp_path: Path) -> None:
    pipeline = yaml.safe_load(recipe("GitLab", "yaml"))
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        gitlab = GitLab(tmp_path, in_ci(tmp_path, server), {"ARKOR_REPORT_TOKEN": TOKEN})
        played = gitlab.play(pipeline)
        assert codes(played.ran) == [5, 0], played.ran[0].stderr
        assert played.results == {"report": False, "pages": True}
        before = opened(server)
        branch = gitlab.play(pipeline, default_branch=False)
        assert opened(server) == before, "what was cached is not used"
    assert played.site is not None
    assert (played.site / "index.html").is_file()
    assert branch.site is None
    shown = pipeline["report"]["artifacts"]
    assert shown["expose_as"] == "Training report"
    cases = JUnitXml.fromfile(str(branch.artifact("report") / shown["reports"]["junit"]))
    assert (cases.tests, cases.failures) == (len(DONE) + 1, 1)


# --- Jenkins -------------------------------------------------------------------------------------


def test_jenkins_keeps_a_report_that_its_policy_lets_look_right(tmp_path: Path) -> None:
    text = recipe("Jenkins", "groovy")
    assert text.count("{") == text.count("}")
    assert re.search(r"ARKOR_REPORT_TOKEN = credentials\('[\w-]+'\)", text)
    (script,) = re.findall(r"\bsh '([^'\\]*)'", text)
    _, _, always = text.partition("always {")
    (junit,) = re.findall(r"junit '([^']*)'", always)
    (target,) = re.findall(r"publishHTML\(target: \[(.*)\]\)", always)
    shown = dict(re.findall(r"(\w+): (?:')?([^',]*)", target))
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        ran = in_ci(tmp_path, server).run_in_ci(script, tmp_path, ARKOR_REPORT_TOKEN=TOKEN)
    assert ran.code == 5, ran.stderr
    cases = JUnitXml.fromfile(str(tmp_path / junit))
    assert cases.failures == 1
    folder = tmp_path / shown["reportDir"]
    page = (folder / shown["reportFiles"]).read_text("utf-8")
    assert "<style" not in page
    linked = re.findall(r"(?:href|src)=\"(report\.\w+)\"", page)
    assert set(linked) == {"report.css", "report.js"}
    assert all((folder / each).is_file() for each in linked)


# --- cron ----------------------------------------------------------------------------------------


def assert_is_a_schedule(fields: str) -> None:
    """Check the five time fields of a crontab line, as far as the recipes use them."""
    first_and_last = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
    for given, (first, last) in zip(fields.split(" "), first_and_last, strict=True):
        found = re.fullmatch(r"\*(?:/(\d+))?|(\d+)", given)
        assert found, given
        number = found[1] or found[2]
        assert number is None or max(first, 1 if found[1] else 0) <= int(number) <= last


def crontab(section: str) -> list[str]:
    """Return the commands of a crontab."""
    commands = []
    for line in recipe(section, "crontab").splitlines():
        assert "%" not in line, "cron would end the command there"
        if line.startswith("@reboot "):
            commands.append(line.removeprefix("@reboot "))
        else:
            *fields, command = line.split(" ", 5)
            assert_is_a_schedule(" ".join(fields))
            commands.append(command)
    return commands


def test_cron_builds_and_logs(tmp_path: Path) -> None:
    (command,) = crontab("cron")
    with StandIn(*DONE, BROKEN) as studio:
        here = at_home(tmp_path, studio)
        log = here.home / "project/arkor-report.log"
        ran = here.run(command, here.home)
        assert (ran.code, ran.stdout, ran.stderr) == (0, "", ""), log.read_text("utf-8")
        first = log.read_text("utf-8")
        assert "job_broken" in first
        assert (here.home / "project/out/jobs/job_broken.html").is_file()
        assert here.run(command, here.home).code == 0
    assert log.read_text("utf-8").startswith(first)
    assert len(log.read_text("utf-8")) > len(first)


# --- systemd -------------------------------------------------------------------------------------


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_systemd_runs_a_build(tmp_path: Path) -> None:
    service = unit(recipe("systemd", "ini", 0))["Service"]
    with StandIn(*DONE, BROKEN) as studio:
        here = at_home(tmp_path, studio)
        command = service["ExecStart"].replace("%h", str(here.home))
        directory = Path(service["WorkingDirectory"].replace("%h", str(here.home)))
        assert directory == here.home / "project"
        assert Path(shlex.split(command)[0]) == here.bin / "arkor-report"
        # systemd starts no shell: each word reaches the command unchanged.
        ran = here.run(f"exec {shlex.join(shlex.split(command))}", directory)
    assert ran.code == 0, ran.stderr
    assert (directory / "out/jobs/job_broken.html").is_file()


def test_systemd_starts_it_on_schedule() -> None:
    assert unit(recipe("systemd", "ini", 0))["Service"]["Type"] == "oneshot"
    timer = unit(recipe("systemd", "ini", 1))
    assert timer["Timer"]["OnCalendar"]
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    here = machine(tmp_path, XDG_RUNTIME_DIR=str(tmp_path / "runtime"))
    for folder in ("runtime", "units", "home/project"):
        (tmp_path / folder).mkdir()
    names = ["arkor-report.service", "arkor-report.timer"]
    for number, name in enumerate(names):
        (tmp_path / "units" / name).write_text(recipe("systemd", "ini", number))
    verify = "systemd-analyze verify --user --man=no"
    ran = here.run(f"{verify} ./{names[0]} ./{names[1]}", tmp_path / "units")
    if "Failed to initialize manager" in ran.stderr:
        pytest.skip("systemd-analyze does not work here")
    assert ran.code == 0, ran.stderr
    # Ignored settings do not change its exit code. It may also warn about the machine's own units.
    assert "arkor-report" not in ran.stderr


# --- Settings, completion ------------------------------------------------------------------------


def test_the_configuration_file_is_accepted_as_printed(command: Command) -> None:
    text = recipe("Persistent settings", "toml")
    file = command.directory / "ci/arkor-report.toml"
    file.parent.mkdir()
    file.write_text(text)
    result = command.run("config", "--config", str(file))
    assert result.code == 0, result.stderr
    in_force = {line.split()[0]: line for line in result.stdout.splitlines()}
    keys = tomllib.loads(text).keys()
    assert keys
    for key in keys:
        assert "arkor-report.toml" in in_force[key]


def completion_lines() -> list[str]:
    text = (CHECKOUT / "README.md").read_text("utf-8")
    return re.findall(r"`((?:eval )?[^`]*_ARKOR_REPORT_COMPLETE=\w+_source[^`]*)`", text)


def test_the_lines_for_completion_work(tmp_path: Path) -> None:
    bash, fish = completion_lines()
    here = machine(tmp_path)
    for line, shell in ((bash, "bash"), (bash.replace("bash", "zsh"), "zsh"), (fish, "fish")):
        (asks,) = re.findall(r"_ARKOR_REPORT_COMPLETE=\w+ arkor-report", line)
        script = here.run_in_ci(asks, tmp_path).stdout
        assert f"_ARKOR_REPORT_COMPLETE={shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_the_line_for_bash_sets_completion_up(tmp_path: Path) -> None:
    line = completion_lines()[0]
    script = f"{line}\ncomplete -p arkor-report"
    ran = machine(tmp_path).run_in_ci(f"bash -c {shlex.quote(script)}", tmp_path)
    assert (ran.code, ran.stderr) == (0, "")
    assert "arkor-report" in ran.stdout
