"""Mounts that nobody else sees."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path


def _mount_points() -> list[str]:
    """Where something is mounted, as this process sees it; the same place as often as it was mounted on."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.split()[4] for line in lines]


def _alone() -> list[str]:
    """The words that give a command a mount namespace.

    In a chroot / may be no mount point, and unshare can't make private what is mounted there.
    """
    return ["unshare", "--mount", *([] if "/" in _mount_points() else ["--propagation", "unchanged"])]


def shell(script: str, *words: str) -> list[str]:
    """A command that runs a script of the shell, $0, $1 and so on being the words, and may mount.

    What was mounted should be unmounted by the script, or by `clear` after it: from such a chroot it
    may be seen outside.
    """
    return [*_alone(), "sh", "-c", script, *words]


@lru_cache(maxsize=None)
def why_not() -> str | None:
    """The reason why nothing can be mounted, or None."""
    done = subprocess.run(
        shell("mount -t tmpfs none /mnt && umount /mnt"), capture_output=True, check=False
    )
    if done.returncode == 0:
        return None
    return f"no mount namespace: {done.stderr.decode('utf-8', 'replace').strip()}"


def seen(place: str) -> int:
    """How many mounts on a place reach this process."""
    return _mount_points().count(place)


def clear(place: str, before: int) -> None:
    """Takes away what has come since `seen` said `before`."""
    for _ in range(seen(place) - before):
        subprocess.run(["umount", "--recursive", "--lazy", place], check=False)
