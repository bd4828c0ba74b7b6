"""Images of today: conversions that lose nothing are exact, others are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import corpus, image
from support.corpus import Item
from support.truth import Form

from .common import REFUSED, Unpack, convert, converted, name_of

IMAGES = corpus.images("modern")
WITH_EMULATOR = [item for item in IMAGES if item.path.name.startswith("hvm-")]
WITHOUT_EMULATOR = [item for item in IMAGES if item not in WITH_EMULATOR]
VERSION_2 = ("--image-version", "2")


@pytest.fixture
def libxl(xenstream: Path, item: Item, unpacked: Unpack, scratch: Path) -> Path:
    """The libxl stream that `convert` takes out of the image `item`."""
    target = scratch / "libxl"
    converted(xenstream, Form.LIBXL, unpacked(item), target)
    return target


def test_images_are_there() -> None:
    if not IMAGES:
        pytest.skip(corpus.why_no_corpus())
    assert WITH_EMULATOR and WITHOUT_EMULATOR


@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_xl_to_xl_changes_nothing(
    item: Item, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    source = unpacked(item)
    assert converted(xenstream, Form.XL, source, scratch / "xl") == source.read_bytes()


@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_libxl_stream_is_what_follows_the_header(
    item: Item, libxl: Path, unpacked: Unpack
) -> None:
    data = unpacked(item).read_bytes()
    assert libxl.read_bytes() == data[image.xl_header(data).size :]


@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_new_header_holds_no_config(
    item: Item, libxl: Path, xenstream: Path, scratch: Path
) -> None:
    data = converted(xenstream, Form.XL, libxl, scratch / "xl")
    header = image.xl_header(data)
    assert header.config == b""
    assert data[header.size :] == libxl.read_bytes()


@pytest.mark.parametrize("item", WITHOUT_EMULATOR, ids=name_of)
def test_libxc_image_and_back(item: Item, libxl: Path, xenstream: Path, scratch: Path) -> None:
    converted(xenstream, Form.LIBXC, libxl, scratch / "libxc")
    back = converted(xenstream, Form.LIBXL, scratch / "libxc", scratch / "back")
    assert back == libxl.read_bytes()


@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_policies_are_not_dropped_silently(
    item: Item, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    target = scratch / "v2"
    result = convert(xenstream, Form.XL, unpacked(item), target, *VERSION_2)
    assert result.rc == REFUSED, str(result)
    assert result.stderr
    assert not list(scratch.iterdir())


@pytest.mark.parametrize("item", IMAGES, ids=name_of)
def test_version_2_by_force_keeps_the_guest(
    item: Item, xenstream: Path, unpacked: Unpack, scratch: Path
) -> None:
    source = unpacked(item)
    data = converted(xenstream, Form.XL, source, scratch / "v2", *VERSION_2, "--force")
    before, after = image.load(source), image.decode(data)
    assert after.libxc.version == 2
    assert after.cpuid_policy is None and after.msr_policy is None
    assert image.differences(before, after) == []
    assert after.xl == before.xl
    assert after.emulator_contexts == before.emulator_contexts
    assert after.emulator_xenstore == before.emulator_xenstore


@pytest.mark.parametrize("item", WITH_EMULATOR, ids=name_of)
def test_emulator_is_not_dropped_silently(
    item: Item, libxl: Path, xenstream: Path, scratch: Path
) -> None:
    result = convert(xenstream, Form.LIBXC, libxl, scratch / "libxc")
    assert result.rc == REFUSED, str(result)
    assert result.stderr
    assert list(scratch.iterdir()) == [libxl]


@pytest.mark.parametrize("item", WITH_EMULATOR, ids=name_of)
def test_libxc_image_by_force_keeps_the_guest(
    item: Item, libxl: Path, xenstream: Path, scratch: Path
) -> None:
    data = converted(xenstream, Form.LIBXC, libxl, scratch / "libxc", "--force")
    before, after = image.load(libxl), image.decode(data)
    assert after.libxl is None
    assert image.differences(before, after) == []
    assert (after.cpuid_policy, after.msr_policy) == (before.cpuid_policy, before.msr_policy)
