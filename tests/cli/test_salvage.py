"""salvage: the best restorable image of a damaged one, and messages about what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support import image, truth
from support.command import Result

from .common import (
    FINE, HVM, INVALID, IO, PV, REMUS, USAGE, lines, listing, stream, xenstream,
    Unpack,
)

AFTER_THE_GUEST = 4   # bytes from the end that leave all but END of a converted PV image
RAW_VDI = b"\xa5" * 5000


def converted(unpacked: Unpack, source: Path, target: Path) -> bytes:
    assert xenstream("convert", "-q", "--to", "libxl", source, target).rc == FINE
    return target.read_bytes()


def salvage(scratch: Path, data: bytes, *options: str) -> Result:
    source = scratch / "damaged"
    source.write_bytes(data)
    return xenstream("salvage", *options, source, scratch / "out")


def records(scratch: Path, data: bytes) -> list[dict[str, Any]]:
    (scratch / "listed").write_bytes(data)
    listed = lines(xenstream("records", "--json", scratch / "listed"))
    (scratch / "listed").unlink()
    return listed


def test_the_last_state_of_a_cut_legacy_stream(scratch: Path) -> None:
    ends = [state["stream_end_offset"] for state in REMUS.description()["per_checkpoint"]]
    result = salvage(scratch, stream(REMUS)[: ends[-1] - 1000])
    assert result.rc == FINE and "dropped" in result.stderr
    wanted = truth.load_checkpoint(REMUS, len(ends) - 1)
    got = image.load(scratch / "out")
    assert truth.compare(got, wanted, truth.Form.LIBXL, 3) == []


def test_the_last_state_of_a_cut_stream_of_today(unpacked: Unpack, scratch: Path) -> None:
    kept = scratch / "kept"
    assert xenstream("convert", "-q", "--to", "libxl", "--checkpoints", "keep",
                     unpacked(REMUS.stream), kept).rc == FINE
    data = kept.read_bytes()
    last = len(REMUS.description()["per_checkpoint"])
    for cut, number in ((len(data), last), (len(data) - 100, last - 1)):
        result = salvage(scratch, data[:cut])
        assert result.rc == FINE, str(result)
        assert f"number {number} of" in result.stderr
        wanted = truth.load_checkpoint(REMUS, number)
        got = image.load(scratch / "out")
        assert truth.compare(got, wanted, truth.Form.LIBXL, 3) == []


def test_what_follows_is_left_out(unpacked: Unpack, scratch: Path) -> None:
    whole = converted(unpacked, unpacked(PV.stream), scratch / "whole")
    result = salvage(scratch, whole + RAW_VDI)
    assert result.rc == FINE and f"{len(RAW_VDI)} bytes after the end" in result.stderr
    assert (scratch / "out").read_bytes() == whole


@pytest.mark.parametrize("piped", [False, True])
def test_what_follows_a_checkpointed_stream_is_told(piped: bool, scratch: Path) -> None:
    """All of it, be it nothing of Xen's or the beginning of a state that is none."""
    whole, batch = stream(REMUS), b"\1\0\0\0" + b"\xff" * 4999
    (scratch / "whole").write_bytes(whole)
    wanted = xenstream("convert", "-q", "--checkpoints", "last", scratch / "whole", "-").stdout
    for after, words in ((RAW_VDI, f"{len(RAW_VDI)} bytes after the end"),
                          (batch, f"dropped ({len(batch)} bytes)")):
        (scratch / "more").write_bytes(whole + after)
        result = xenstream("salvage", "-" if piped else scratch / "more", "-",
                           stdin=whole + after if piped else b"")
        assert result.rc == FINE and words in result.stderr, result
        assert result.stdout == wanted


def test_other_states_do_not_follow_the_end(scratch: Path) -> None:
    (scratch / "in").write_bytes(stream(REMUS))
    kept = scratch / "kept"
    assert xenstream("convert", "-q", "--checkpoints", "keep", scratch / "in", kept).rc == FINE
    for source in (scratch / "in", kept):
        result = xenstream("salvage", source, scratch / "out")
        assert result.rc == FINE and "after the end" not in result.stderr


def test_a_cut_that_costs_nothing(unpacked: Unpack, scratch: Path) -> None:
    for case in (PV, HVM):
        whole = converted(unpacked, unpacked(case.stream), scratch / "whole")
        result = salvage(scratch, whole[:-AFTER_THE_GUEST])
        assert result.rc == FINE and "nothing of the guest is lost" in result.stderr
        assert (scratch / "out").read_bytes() == whole


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_no_guest_is_started_from_a_part(unpacked: Unpack, scratch: Path, share: float) -> None:
    whole = converted(unpacked, unpacked(HVM.stream), scratch / "whole")
    (scratch / "whole").unlink()
    result = salvage(scratch, whole[: int(len(whole) * share)])
    assert result.rc == INVALID and "--force" in result.stderr
    assert listing(scratch) == ["damaged"]


def test_a_cut_in_front_of_the_device_model(scratch: Path) -> None:
    """Nothing of a legacy stream tells that from one that libxc wrote alone."""
    whole = stream(HVM)
    cut = whole[: whole.rindex(b"DeviceModelRecord0002")]
    result = salvage(scratch, cut)
    assert result.rc == INVALID and "--force" in result.stderr, result
    assert "before the device model's state" in result.stderr
    assert listing(scratch) == ["damaged"]
    assert salvage(scratch, cut, "--force").rc == FINE
    for to, said in (("xl", True), ("libxl", True), ("xenserver", True), ("libxc", False)):
        result = xenstream("convert", "--to", to, scratch / "damaged", "-")
        assert result.rc == FINE and ("device model's state" in result.stderr) == said, result
    assert "device model's state" not in xenstream("convert", "-", "-", stdin=whole).stderr


def test_a_cut_after_the_state_of_a_guest_without_device_model(unpacked: Unpack, scratch: Path) -> None:
    """A PVH guest's stream is a device model short of an HVM guest's: its owner knows which it is."""
    whole = converted(unpacked, unpacked(HVM.stream), scratch / "hvm")
    (scratch / "hvm").unlink()
    device = next(r for r in records(scratch, whole) if r["type"].startswith("EMULATOR"))["offset"]
    for cut in (whole[:device], whole[:device + 5]):
        result = salvage(scratch, cut)
        assert result.rc == INVALID and "the guest's own state, which is complete" in result.stderr, str(result)
        assert "--force makes an image of the guest's own state" in result.stderr
        assert "it has no complete state of the guest" not in result.stderr
        result = salvage(scratch, cut, "--force")
        assert result.rc == FINE and "only a PVH guest can start" in result.stderr
        assert (scratch / "out").read_bytes() == whole[:device] + bytes(8)
        (scratch / "out").unlink()
    result = salvage(scratch, whole[:device + 16])
    assert result.rc == INVALID and "it has no complete state of the guest" in result.stderr


def test_by_force_what_is_there(unpacked: Unpack, scratch: Path) -> None:
    whole = converted(unpacked, unpacked(HVM.stream), scratch / "whole")
    wanted = image.decode(whole)
    for lost in (7, 3000, 9000):  # in END, in the device model's state, in the HVM context
        result = salvage(scratch, whole[:-lost], "--force")
        assert result.rc == FINE and "the input ends here" in result.stderr
        assert ("the guest can't be started" in result.stderr) == (lost > 7)
        records = xenstream("records", scratch / "out")
        assert records.rc == FINE and records.stdout.count(b" END ") == 2
        got = image.load(scratch / "out")
        assert got.memory.items() <= wanted.memory.items() and got.memory


def test_by_force_nothing_where_nothing_is_whole(scratch: Path) -> None:
    cut = stream(PV)[:100]
    assert "an image, to look at, of the records that are complete" in salvage(scratch, cut).stderr
    result = salvage(scratch, cut, "--force")
    assert result.rc == INVALID
    assert "it has no complete record of the guest, so there is nothing to make an image of" in result.stderr
    assert listing(scratch) == ["damaged"]


def test_not_into_a_pipe(unpacked: Unpack, scratch: Path) -> None:
    whole = converted(unpacked, unpacked(HVM.stream), scratch / "whole")
    (scratch / "cut").write_bytes(whole[:-3000])
    result = xenstream("salvage", "--force", scratch / "cut", "-")
    assert result.rc not in (FINE, USAGE, IO) and "name a file" in result.stderr


def test_what_is_no_domain_stays_none(scratch: Path) -> None:
    result = salvage(scratch, b"QFI\xfb" + bytes(600))
    assert result.rc == INVALID and "qcow2" in result.stderr and "--force" not in result.stderr


def test_the_image_itself_is_not_guessed(unpacked: Unpack, scratch: Path) -> None:
    data = bytearray(converted(unpacked, unpacked(PV.stream), scratch / "whole"))
    (scratch / "whole").unlink()
    data[68] ^= 0xFF  # a length
    assert salvage(scratch, bytes(data)).rc == INVALID
    assert listing(scratch) == ["damaged"]
