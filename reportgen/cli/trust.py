"""What a found configuration file may not set, and directories that must not overlap.

A file named by `--config` or its variable is the user's own. One that was merely found in the
project directory may have come with a repository: it must not choose which secret is sent where,
or point outside its own directory.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from reportgen.cli.lazy import lazily
from reportgen.errors import UsageError, WriteError
from reportgen.sources import home


def refuse_untrusted(file: Path, values: Mapping[str, object], source: str) -> None:
    """Raise `UsageError` if a found file sets what only the user may set.

    `values` are the file's values that are in effect, by key; `source` is the source in effect.
    """
    if "token-file" in values:
        raise _refusal(file, "token-file", "choose which file's content is sent as the secret")
    if "url" in values and not (source == "studio" and _is_loopback(str(values["url"]))):
        raise _refusal(file, "url", "choose where secrets are sent, but for Studio on this machine")
    root = _real(file.parent)
    for key in ("out", "snapshot-dir", "project-dir"):
        if key not in values:
            continue
        try:
            real = _real(Path(home.expand(str(values[key]))))
        except ValueError as error:
            raise UsageError(f"'{key}' in {file}: {error}.") from error
        if not _is_within(real, root) or (real == root and key != "project-dir"):
            raise _refusal(file, key, "lead out of its own directory")


def leads_out(link: Path, directory: Path) -> bool:
    """Return whether a path leads out of a directory after following all links."""
    return not _is_within(_real(link), _real(directory))


def refuse_planted(path: Path, option: str) -> None:
    """Raise `WriteError` if a default directory is a link out of the current directory.

    Such a link may have come with a repository.
    """
    if leads_out(path, Path()):
        raise WriteError(
            f"{path} leads out of this directory, to {_real(path)}: remove the link, or name the "
            f"directory with {option}."
        )


def refuse_nested(out: Path, snapshot_dir: Path) -> None:
    """Raise `UsageError` if one of the directories is or contains the other."""
    if _contains(out, snapshot_dir) or _contains(snapshot_dir, out):
        raise UsageError(
            f"--out {out} and --snapshot-dir {snapshot_dir} must be different directories, "
            "neither inside the other, since the report is published and the snapshot is private."
        )


def _refusal(file: Path, key: str, what: str) -> UsageError:
    variable = f"ARKOR_REPORT_{key.replace('-', '_').upper()}"
    return UsageError(
        f"'{key}' in {file}: a configuration file that you didn't name may not {what}. If you "
        f"trust it, name it with --config or ARKOR_REPORT_CONFIG; or use --{key} or {variable}."
    )


def _is_loopback(url: str) -> bool:
    try:
        return bool(lazily("reportgen.sources.http:BaseURL.parse")(url).loopback)
    except UsageError:
        return False


def _contains(outer: Path, inner: Path) -> bool:
    real = _real(inner)
    return _is_within(real, _real(outer)) or any(
        _is_same(outer, place) for place in (real, *real.parents)
    )


def _is_same(one: Path, other: Path) -> bool:
    """Return whether two paths name the same directory, despite case or a second mount."""
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False


def _is_within(real: Path, root: Path) -> bool:
    return real == root or root in real.parents


def _real(path: Path) -> Path:
    """Return a path with `..` and links resolved as far as the path exists.

    Raises `WriteError` for a relative path if the current directory is gone.
    """
    try:
        return Path(os.path.realpath(path))
    except OSError as error:
        raise WriteError(
            f"The current directory can't be found ({error.strerror}): change to one that "
            "exists, or give absolute paths for --out and --snapshot-dir."
        ) from error
