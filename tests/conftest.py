"""What all tests have in common: surroundings that depend on nobody, and results that are told."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections import Counter
from typing import Any

import pytest

ROOM = 1 << 30
NOT_TESTED = "XENSTREAM_NOT_TESTED"
# Set where the sanitizers watch. They see nothing on xfs that they have not seen on ext4: the command
# does the same on both.
SANITIZED = "XENSTREAM_SANITIZED"


# --- surroundings --------------------------------------------------------------------------------


def _is_memory(folder: str) -> bool:
    """Whether it is on a tmpfs with room for all tests."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            mounts = [line.split(" - ") for line in file]
    except OSError:
        return False
    kinds = {before.split()[4]: after.split()[0] for before, after in mounts}
    point = os.path.realpath(folder)
    while point not in kinds and point != "/":
        point = os.path.dirname(point)
    return (
        kinds.get(point) == "tmpfs"
        and os.access(folder, os.W_OK | os.X_OK)
        and shutil.disk_usage(folder).free >= ROOM
    )


def _in_memory() -> None:
    """Temporary files lie in memory where that is possible; tests/unit/scratch.h chooses likewise."""
    if not _is_memory(tempfile.gettempdir()) and _is_memory("/dev/shm"):
        tempfile.tempdir = os.environ["TMPDIR"] = "/dev/shm"


def _heed_signals() -> None:
    """Undoes what a shell's background jobs (SIGINT) and nohup (SIGHUP) hand down to every command.

    A handler is not inherited, while SIG_DFL here would have a hangup end the tests.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


def pytest_configure() -> None:
    """Before anything is collected."""
    _in_memory()
    _heed_signals()
    os.environ.pop("LANGUAGE", None)
    os.environ["LC_ALL"] = "C.UTF-8"


# --- results -------------------------------------------------------------------------------------


def _reason(report: Any) -> str:
    """Why a test was skipped."""
    words = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return words.removeprefix("Skipped: ")


class Told:
    """Failures as they happen, and at the end what was not tested."""

    def __init__(self, config: pytest.Config) -> None:
        self.terminal = config.pluginmanager.getplugin("terminalreporter")

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A failure has its own line at once."""
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            words = crash.message.splitlines()[0] if crash and crash.message else ""
            self.terminal.ensure_newline()
            self.terminal.write_line(f"FAILED {report.nodeid} ({report.when}): {words}", red=True)

    def pytest_terminal_summary(self) -> None:
        """Reasons, each with the number of tests; ./dev gathers them in the file it names."""
        skips = self.terminal.stats.get("skipped", [])
        reasons = Counter(_reason(report) for report in skips)
        words = [f"{reason} (tests: {count})" for reason, count in sorted(reasons.items())]
        if NOT_TESTED in os.environ:
            with open(os.environ[NOT_TESTED], "a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in words)
        elif words:
            self.terminal.section("not tested here, because")
            for line in words:
                self.terminal.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Only where results come together: not in a worker of xdist."""
    if session.config.pluginmanager.hasplugin("terminalreporter") and not hasattr(
        session.config, "workerinput"
    ):
        session.config.pluginmanager.register(Told(session.config), "told")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out combinations that mean nothing, or nothing new: they are no tests that are skipped."""
    kept, out = [], []
    for item in items:
        mark = item.get_closest_marker("volumes")
        kind = getattr(item, "callspec", None) and item.callspec.params.get("volume")
        wrong = mark and kind and kind not in mark.args
        seen = kind == "xfs" and SANITIZED in os.environ
        (out if wrong or seen else kept).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = kept
