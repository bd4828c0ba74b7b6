"""Configurations against what really reads them: libxlutil, xl and libxl of Xen 4.17.

`xl create -n` says in JSON what it makes of a configuration. It runs here without a hypervisor, by a
small library in front of it (tests/xlutil/nohypervisor.c). Where xen-utils-4.17 or libxen-dev are missing,
these tests are skipped.
"""

from __future__ import annotations

import glob
import html
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.corpus import DATA, corpus_root, images, plain_cases, why_no_corpus

BUILD = Path(os.environ.get("XENSTREAM_BUILD", Path(__file__).resolve().parents[2] / "build"))
TOOL = BUILD / "tests/config/config-tool"
COMPARE = BUILD / "tests/xlutil/xlutil-compare"
CANON = BUILD / "tests/xlutil/libxl-canon"
NO_HYPERVISOR = BUILD / "tests/xlutil/nohypervisor.so"
XL = Path("/usr/lib/xen-4.17/bin/xl")
CONFIGS = sorted((DATA / "config").iterdir())
UUID = 'uuid = "11111111-2222-3333-4444-555555555506"\n'

needs_xl = pytest.mark.skipif(
    not XL.exists() or not CANON.exists(), reason="xen-utils-4.17 or libxen-dev is not installed"
)


def tool(*words: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """src/config itself: tests/config/tool.c."""
    return subprocess.run(
        [TOOL, *map(str, words)], input=stdin, capture_output=True, timeout=240, check=False
    )


def without_hypervisor(*words: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [str(word) for word in words],
        input=stdin,
        capture_output=True,
        timeout=240,
        check=False,
        env={**os.environ, "LD_PRELOAD": str(NO_HYPERVISOR)},
    )


def xl(path: Path) -> Any:
    """What xl makes of a configuration; None if it refuses it."""
    done = without_hypervisor(XL, "create", "-n", path)
    start = done.stdout.find(b"{")
    return json.loads(done.stdout[start:]) if done.returncode == 0 and start >= 0 else None


def canon(text: bytes) -> Any:
    """JSON as the real libxl says it after it has read it. Fails if libxl refuses it."""
    done = without_hypervisor(CANON, stdin=text)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in JSON by its path; lists are values."""
    if isinstance(node, dict):
        for name, member in node.items():
            yield from leaves(member, f"{path}/{name}")
    elif path == "/disks":  # an empty drive has an empty path, or none
        yield path, [{k: v for k, v in disk.items() if (k, v) != ("pdev_path", "")} for disk in node]
    else:
        yield path, node


def differences(one: Any, other: Any) -> dict[str, Any]:
    a, b = dict(leaves(one)), dict(leaves(other))
    return {key: (a.get(key), b.get(key)) for key in {*a, *b} if a.get(key) != b.get(key)}


# --- round trips ---------------------------------------------------------------------------------


def prints_itself(path: Path, text: bytes, *words: str) -> None:
    done = tool("print", path, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout == text


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.name)
def test_own_configurations_print_themselves(path: Path) -> None:
    prints_itself(path, path.read_bytes())


def stored_configurations() -> Iterator[tuple[str, bytes]]:
    """The configuration of every image with an xl header in the corpus."""
    streams = [(case.name, case.stream) for case in plain_cases()]
    streams += [(item.path.name, item) for kind in ("modern", "boot") for item in images(kind)]
    for name, item in streams:
        octets = item.read()
        if octets.startswith(b"Xen saved domain, xl format"):
            length = int.from_bytes(octets[0x30:0x34], "little")
            yield name, octets[0x34 : 0x34 + length]


def test_the_configurations_of_the_corpus_print_themselves(tmp_path: Path) -> None:
    """A change that changes nothing makes libxl's own layout again."""
    seen = 0
    for name, text in stored_configurations():
        if not text:
            continue
        path = tmp_path / name
        path.write_bytes(text)
        prints_itself(path, text.rstrip(b"\0"), "as-xl")
        if text.startswith(b"{") and b"\\u" not in text:  # libxl itself writes UTF-8
            same = tool("get", path, "name").stdout.rstrip(b"\n").decode()
            assert tool("set", path, "name", same).stdout == text.rstrip(b"\0"), name
        seen += 1
    assert seen >= 5
    if corpus_root() is None:
        pytest.skip(why_no_corpus())


def debian_examples() -> list[tuple[str, bytes]]:
    """Every xl.cfg file of xen-utils-common, and every example in the manuals of xen-doc."""
    found = [
        (path, Path(path).read_bytes())
        for path in sorted(glob.glob("/etc/xen/xlexample.*") + ["/etc/xen/xl.conf"])
        + sorted(glob.glob("/usr/share/doc/xen-utils-common/examples/*"))
        if os.path.isfile(path)
    ]
    for page in sorted(glob.glob("/usr/share/doc/xen/html/man/xl*.html")):
        for number, code in enumerate(
            re.findall(r"<pre><code>(.*?)</code></pre>", Path(page).read_text("utf-8"), re.S)
        ):
            found.append((f"{Path(page).name}-{number}", (html.unescape(code) + "\n").encode()))
    return found


def test_the_examples_of_debian_print_themselves(tmp_path: Path) -> None:
    examples = debian_examples()
    if not any(name.startswith("/etc/xen") for name, _ in examples):
        pytest.skip("xen-utils-common and xen-doc are not installed")
    taken = 0
    for number, (name, text) in enumerate(examples):
        path = tmp_path / f"example-{number}"
        path.write_bytes(text)
        done = tool("print", path, "as-xl")
        assert done.returncode in (0, 2), name
        if name.startswith(("/etc/xen", "/usr/share/doc/xen-utils-common")):
            assert done.returncode == 0, (name, done.stderr)
        if done.returncode == 0:
            assert done.stdout == text, name
            taken += 1
    assert taken > 10


def test_the_examples_of_debian_agree_with_libxlutil(tmp_path: Path) -> None:
    """The same examples, and mutations of them, through both parsers."""
    if not COMPARE.exists():
        pytest.skip("libxen-dev is not installed")
    paths = []
    for number, (_, text) in enumerate(debian_examples()):
        paths.append(tmp_path / f"example-{number}")
        paths[-1].write_bytes(text)
    done = subprocess.run(
        [COMPARE, "text", "20000", *[path for path in paths + CONFIGS if path.stat().st_size < 65536]],
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


# --- any text ------------------------------------------------------------------------------------

STRINGS = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20
)
VALUES = st.recursive(
    STRINGS | st.integers(0, 2**64).map(str), lambda inner: st.lists(inner, max_size=4), max_leaves=8
)


def written(value: Any, quote: str) -> str:
    """A value as xl.cfg has it, by rules of our own."""
    if isinstance(value, list):
        return "[" + ", ".join(written(item, quote) for item in value) + "]"
    escaped = value.replace("\\", "\\\\").replace(quote, "\\" + quote).replace("\n", "\\n")
    return quote + escaped + quote


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    settings_=st.dictionaries(st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z"), VALUES, max_size=5),
    quote=st.sampled_from("'\""),
    end=st.sampled_from(["\n", ";", " ; # why\n", "\n\n\t"]),
    key=st.from_regex(r"\A[a-z][a-z0-9_]{0,8}\Z"),
    new=STRINGS,
)
def test_what_is_set_is_there_and_nothing_else_changes(
    settings_: dict[str, Any], quote: str, end: str, key: str, new: str
) -> None:
    lines = {name: f"{name} ={written(value, quote)}" for name, value in settings_.items()}
    text = end.join(lines.values()).encode() + b"\n"
    done = tool("print", "-", stdin=text)
    assert done.returncode == 0 and done.stdout == text, done.stderr
    changed = tool("set", "-", "zz_" + key, written(new, quote), stdin=text)
    assert changed.returncode == 0, changed.stderr
    got = tool("get", "-", "zz_" + key, stdin=changed.stdout)
    assert got.stdout == new.encode() + b"\n"
    assert changed.stdout.startswith(text)
    back = tool("unset", "-", "zz_" + key, stdin=changed.stdout)
    assert back.stdout == text
    for name in settings_:
        without = tool("unset", "-", name, stdin=text).stdout
        for other in settings_:
            got = tool("get", "-", other, stdin=without)
            assert (got.returncode == 0) == (other != name)


# --- the real xl ---------------------------------------------------------------------------------

# Settings that xl reads, each alone, for the types of guests that have them.
SETTINGS = [
    ("pv hvm pvh", line)
    for line in """maxmem=128
vcpus=3
vcpus=2; maxvcpus=4
cpus="0-1"; vcpus=2
cpus=["0","1"]; vcpus=2
cpus_soft="0-1,^1"; vcpus=2
cpus=" 0,, 1"; vcpus=2
cpus_soft="^1"; vcpus=2
cpu_weight=512
cap=10
on_poweroff="preserve"
on_reboot="destroy"
on_crash="coredump-destroy"
on_watchdog="rename-restart"
on_soft_reset="destroy"
ramdisk="/r"
cmdline="console=hvc0"
root="/dev/xvda1"; extra="quiet"
extra="quiet"
bootloader="pygrub"
bootloader_args=["-q","x"]
bootloader_args="-q  x"
seclabel="x"
init_seclabel="x"
pool="p"
driver_domain=1
localtime=1
rtc_timeoffset=3600
rtc_timeoffset="-3600"
nomigrate=1
tsc_mode="native"
tsc_mode=2
max_grant_frames=64
max_maptrack_frames=10
max_grant_version=1
max_event_channels=2000
ioports=["2f8-2ff","3f8"]
irqs=[3,4]
iomem=["fed00,1","a0,20@100"]
vtpm=["backend=0,uuid=11111111-2222-3333-4444-555555555506"]
vfb=["vnc=1,vncdisplay=2","sdl=1,opengl=1,display=:1,xauthority=/x"]
p9=["tag=a,path=/x,security_model=none"]
usbctrl=["version=2,ports=4"]
usbdev=["type=hostdev,hostbus=1,hostaddr=2,controller=0,port=1"]
channel=["connection=pty,name=c","connection=socket,name=d,path=/x,backend=b"]
vkb=["backend-type=linux,unique-id=1,feature-abs-pointer=1,width=3"]
dtdev=["/x"]
passthrough="enabled"
passthrough="Sync_PT"
msr_relaxed=1
vpmu=1
vmtrace_buf_kb=64
altp2m="external"
altp2m="External"
altp2m=1
acpi=1
device_tree="/d"
shadow_memory=16
device_model_version="qemu-xen"
device_model_override="/q"
device_model_args=["-x"]
device_model_args_pv=["-x"]
device_model_args_hvm=["-x"]
device_model_user="u"
dm_restrict=1
hap=0
oos=0
nestedhvm=1
cpuid=["0x1:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0","0x1:edx=1111111111111111000000000000kkss"]
cpuid=["0xd,1:eax=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx0,ebx=00000000000000000000000000000000"]
pci=["00:1b.0","0000:02:00.1@5,msitranslate=1","1:0:1c.*"]
pci=["0000:00:1b.0,permissive=1,seize=0,power_mgmt=1,rdm_policy=relaxed","00:1c.7"]; pci_seize=1
pci_msitranslate=1; pci_power_mgmt=1; pci_permissive=1; pci=["00:1b.0"]
vif=['']
vif=['type=vif,model=e1000,script=s,ip=1.2.3.4,backend=b,vifname=v,gatewaydev=g,devid=5,mtu=9000,trusted']
vif=['mac=0:1:2:a:B:c,untrusted','type=ioemu,rate=1MB/s@20ms','rate=10Mb/s',' bridge=a , model=b ']
disk=['/x,raw,xvda,r','script=s,vdev=xvdb,target=a,b','direct-io-safe,no-discard,vdev=xvdc,target=/x,colo']
disk=['specification=virtio,vdev=xvdc,target=/x','tap:qcow2:/y,xvdd,w',',hdc:cdrom,r','phy:a/b,hdb,w']
disk=['nbd:host:10809,xvda,w','backend=b,backendtype=qdisk,vdev=xvdb,target=/y']
disk=['/a,raw,xvda,w']; disk+=['/b,,xvdb']""".splitlines()
]
SETTINGS += [
    ("hvm", line)
    for line in """boot="cda"
bios="ovmf"
bios="OVMF"
firmware="OVMF"
firmware="uefi"
firmware="bios"
firmware="/path"
firmware_override="/path"
bios="seabios"; bios_path_override="/b"
acpi_s3=0
acpi_s4=0
acpi_laptop_slate=1
nx=1
hpet=1
vpt_align=0
apic=0
pae=0
mmio_hole=2048
mmio_hole=256
mmio_hole=3840
altp2mhvm=1
viridian=1
viridian=["base","!freq"]
viridian=["Base"]
smbios_firmware="/s"
acpi_firmware="/s"
hdtype="ahci"
hdtype="AHCI"
nographic=1
stdvga=1
stdvga=0
vga="qxl"
vga="stdvga"
videoram=32
videoram=0
vnc=1
vnclisten="1.2.3.4:3"
vncpasswd="x"
vncdisplay=3
vncunused=0
keymap="de"
sdl=1
opengl=1
display=":0"
xauthority="/x"
spice=1; spiceport=6000; spicetls_port=6001; spicehost="h"; spicepasswd="p"
spicedisable_ticketing=1; spiceagent_mouse=0; spicevdagent=1; spice_clipboard_sharing=1
spiceusbredirection=4; spice_image_compression="auto_glz"; spice_streaming_video="filter"
gfx_passthru=0
gfx_passthru=1
gfx_passthru="igd"
gfx_passthru="IGD"
serial="pty"
serial=["pty","tcp::1"]
usb=1
usbversion=2
usbdevice="tablet"
usbdevice=["tablet","mouse"]
vkb_device=0
soundhw="ac97"
xen_platform_pci=0
vendor_device="xenserver"
vendor_device="XenServer"
rdm_mem_boundary=1024
device_model_stubdomain_override=1
device_model_stubdomain_seclabel="x"
stubdomain_memory=64
stubdomain_kernel="/k"
stubdomain_cmdline="c"
stubdomain_ramdisk="/r"
timer_mode="no_missed_ticks_pending"
timer_mode=1
builder="hvm" """.splitlines()
]
SETTINGS += [("pv", "e820_host=1"), ("pv", 'builder="generic"')]
SETTINGS += [("pvh", f"{name}=1") for name in ("pvshim",)]
SETTINGS += [("pvh", f'{name}="x"') for name in ("pvshim_path", "pvshim_cmdline", "pvshim_extra")]
CASES = [(guest, line) for guests, line in SETTINGS for guest in guests.split()]


@pytest.fixture
def configuration(tmp_path: Path, guest: str, line: str) -> Path:
    path = tmp_path / "guest.cfg"
    kernel = 'kernel = "/k"\n' if guest != "hvm" else ""
    path.write_text(f'name = "x"\nmemory = 64\ntype = "{guest}"\n{UUID}{kernel}{line}\n')
    return path


@needs_xl
@pytest.mark.parametrize("guest, line", CASES)
def test_json_is_what_xl_makes_of_it(configuration: Path) -> None:
    theirs = xl(configuration)
    assert theirs is not None
    done = tool("json", configuration)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    assert differences(theirs, canon(done.stdout)) == {}


@needs_xl
@pytest.mark.parametrize("guest, line", CASES)
def test_text_of_json_means_the_same_to_xl(configuration: Path, tmp_path: Path) -> None:
    theirs = xl(configuration)
    (tmp_path / "guest.json").write_text(json.dumps(theirs))
    done = tool("cfg", tmp_path / "guest.json")
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    (tmp_path / "again.cfg").write_bytes(done.stdout)
    assert differences(theirs, xl(tmp_path / "again.cfg")) == {}


@needs_xl
@pytest.mark.parametrize("name", ["pv", "hvm"])
def test_whole_configurations_of_every_kind(name: str, tmp_path: Path) -> None:
    path = DATA / "config" / f"{name}.cfg"
    done = tool("json", path)
    assert done.returncode == 0
    theirs = json.loads((DATA / "config" / f"{name}.json").read_text())
    ours = canon(done.stdout)
    theirs["c_info"].pop("uuid")
    ours["c_info"].pop("uuid", None)
    assert differences(theirs, ours) == {}


@needs_xl
@pytest.mark.parametrize(
    "key, value",
    [
        ("name", "clone"),
        ("uuid", "11111111-2222-3333-4444-555555555507"),
        ("memory", "1024"),
        ("vcpus", "3"),
        ("disk", "['/new,raw,xvda,w']"),
        ("vif", "['bridge=br7']"),
        ("on_crash", "preserve"),
        ("kernel", "/other"),
    ],
)
@pytest.mark.parametrize("name", ["pv.json", "hvm.json", "xl-4.5.json"])
def test_libxl_takes_json_that_was_changed(name: str, key: str, value: str) -> None:
    """And it says the same as before but for what was set."""
    path = DATA / "config" / name
    before = canon(path.read_bytes())
    changed = tool("set", path, key, value)
    assert changed.returncode == 0, changed.stderr
    after = canon(changed.stdout)
    assert 1 <= len(differences(before, after)) <= 2


# --- what is refused -----------------------------------------------------------------------------

NONSENSE = """p9=["tag=a,path=/x"]
vtpm=["uuid=11111111-2222-3333-4444-555555555506"]
vkb=["width=3"]
channel=["name=a"]
mmio_hole=255
mmio_hole=3841
builder="generic"
vkb=["foo=1"]
vtpm=["foo=1"]
p9=["foo=1"]
usbctrl=["backend=x"]
usbctrl=["type=x"]
usbdev=["foo=1"]
channel=["foo=1"]
irqs=["-1"]
irqs=[4294967296]
max_grant_frames=2147483648
max_maptrack_frames=4294967295
cpus="abc"; vcpus=2
cpus="0-"; vcpus=2
cpus="3-1"; vcpus=2
cpus="0 ,1"; vcpus=2
cpus="0, ^1"; vcpus=2
cpus="^all"; vcpus=2
cpus="all "; vcpus=2
cpus="all,x"; vcpus=2
cpus="0,^0"; vcpus=2
cpus=""; vcpus=2
cpus=["0","x"]; vcpus=2
cpus_soft="0-1-2"; vcpus=2
passthrough="unknown"
passthrough=1
gic_version=""
vuart=""
tee="Op-Tee"
builder="hmv"
bios="uefi"
vga="STDVGA"
on_crash="Destroy"
device_model_version="QEMU-XEN"
tsc_mode=4
timer_mode="x"
altp2m="x"
hdtype=""
vendor_device="x"
gfx_passthru=""
gfx_passthru="igd "
viridian=["x"]
viridian=["!all"]
viridian=["DEFAULTS"]
ms_vm_genid="Generate"
mca_caps=["LMCE"]"""


@needs_xl
@pytest.mark.parametrize("guest, line", [("hvm", line) for line in NONSENSE.splitlines()])
def test_what_xl_refuses_is_complained_of(configuration: Path, line: str) -> None:
    assert xl(configuration) is None
    done = tool("check", configuration)
    assert done.returncode == 1 and done.stdout.startswith(b"5:" + b"%d" % (line.index("=") + 2))


@needs_xl
@pytest.mark.parametrize("guest, line", CASES)
def test_what_xl_takes_is_not_complained_of(configuration: Path) -> None:
    assert xl(configuration) is not None
    done = tool("check", configuration)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "text, place",
    [
        (b"a = 'x", b"-:1:5:"),
        (b"a = 1\nb = [ 1,\n 2\n", b"-:2:5:"),
        (b"a=1\na=2\n", b"-:2:1:"),
        (b"a='\xff'\n", b"-:1:4:"),
        (b"a='\0'\n", b"-:1:4:"),
        (b"a=" + b"[" * 100000, b"-:1:35:"),
        (b'{"a": 1,\n "a": 2}', b"-:2:2:"),
        (b'{"a": "\xff"}', b"-:1:8:"),
        (b'{"a": ' + b"[" * 100000, b"-:1:38:"),
        (b'{"a": 99999999999999999999}', b"-:1:7:"),
        (b'{"a": 1', b"-:1:8:"),
    ],
)
def test_bad_input_is_refused_with_its_place(text: bytes, place: bytes) -> None:
    done = tool("print", "-", stdin=text)
    assert done.returncode == 2
    assert done.stderr.startswith(place), done.stderr
