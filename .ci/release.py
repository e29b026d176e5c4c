"""Makes what is released, and proves it: packages, offline folders of wheels, a bill of materials.

    python3 .ci/release.py build OUT            sdist and wheel of the commit, built twice, compared
    python3 .ci/release.py wheels OUT TARGET    all that an installation needs on TARGET
    python3 .ci/release.py sbom OUT WHEELS      CycloneDX bill of materials of what WHEELS installs
    python3 .ci/release.py demo SIPTUI          the demo of an installation, as a person starts it

Run by any Python with pip and venv; what the steps need goes into environments of their own.
"""

import argparse
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
#: The versions of Python that a folder serves.
PYTHONS = ("3.11", "3.12", "3.13")


@dataclass(frozen=True)
class Target:
    """A platform: its tags for pip, from the newest, and what markers of packages ask of it."""

    tags: tuple[str, ...]
    markers: Mapping[str, str]


def _linux(machine: str) -> Target:
    names = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_24", "manylinux_2_17")
    tags = (*(f"{name}_{machine}" for name in names), f"manylinux2014_{machine}")
    return Target(tags, _markers("linux", "Linux", "posix", machine))


def _markers(sys_platform: str, system: str, os_name: str, machine: str) -> dict[str, str]:
    return {
        "sys_platform": sys_platform,
        "platform_system": system,
        "os_name": os_name,
        "platform_machine": machine,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


def _macos(machine: str) -> Target:
    own = [
        f"macosx_{major}_0_{kind}" for kind in (machine, "universal2") for major in (14, 13, 12, 11)
    ]
    both = [f"macosx_10_{minor}_universal2" for minor in range(16, 8, -1)]
    return Target((*own, *both), _markers("darwin", "Darwin", "posix", machine))


#: Intel Macs are none of them: the locked cryptography has no wheel for those.
TARGETS = {
    "linux-x86_64": _linux("x86_64"),
    "linux-arm64": _linux("aarch64"),
    "macos-arm64": _macos("arm64"),
    "windows-x86_64": Target(("win_amd64",), _markers("win32", "Windows", "nt", "AMD64")),
}


def main() -> None:
    """Carry out what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    steps = parser.add_subparsers(dest="step", required=True)
    for name, words in (("build", ["out"]), ("sbom", ["out", "wheels"]), ("demo", ["siptui"])):
        step = steps.add_parser(name)
        for word in words:
            step.add_argument(word, type=Path)
    wheels = steps.add_parser("wheels")
    wheels.add_argument("out", type=Path)
    wheels.add_argument("target", choices=TARGETS)
    wheels.add_argument("--python", action="append", help="3.12, say; can be repeated")
    given = parser.parse_args()
    if given.step == "build":
        build(given.out)
    elif given.step == "wheels":
        download(given.out, TARGETS[given.target], given.python or PYTHONS)
    elif given.step == "sbom":
        bill_of_materials(given.out, given.wheels)
    else:
        run_demo(given.siptui)


def build(out: Path) -> None:
    """Build the commit's sdist and wheel twice, as two strangers would; they must be the same."""
    made = []
    commit_time = _said("git", "log", "-1", "--format=%ct").strip()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        builder = _builder(Path(scratch))
        for number, (umask, zone) in enumerate(((0o022, "UTC"), (0o077, "Asia/Kolkata"))):
            source = Path(scratch) / f"source-{number}"
            _check_out(source)
            folder = Path(scratch) / f"dist-{number}"
            before = os.umask(umask)
            environ = {**os.environ, "SOURCE_DATE_EPOCH": commit_time, "TZ": zone}
            try:
                _build(builder, "sdist", source, folder, environ)
                if number:  # the second wheel comes from the sdist, as distributions build it
                    source = _unpacked(next(folder.glob("*.tar.gz")), Path(scratch) / "unpacked")
                _build(builder, "wheel", source, folder, environ)
            finally:
                os.umask(before)
            made.append({path.name: path.read_bytes() for path in sorted(folder.iterdir())})
    if made[0] != made[1]:
        differ = [name for name in made[0] if made[0][name] != made[1].get(name)]
        sys.exit(f"two builds of one commit differ: {', '.join(differ or made[1])}")
    for name, data in made[0].items():
        (out / name).write_bytes(data)
        print(f"{hashlib.sha256(data).hexdigest()}  {name}")


def _build(builder: Path, kind: str, source: Path, out: Path, environ: Mapping[str, str]) -> None:
    command = [builder, "-m", "hatchling", "build", "-t", kind, "-d", out]
    done = subprocess.run(command, cwd=source, env=environ, check=False, capture_output=True)
    if done.returncode:
        sys.exit(f"the {kind} cannot be built:\n{done.stderr.decode(errors='replace')}")


def _unpacked(sdist: Path, folder: Path) -> Path:
    with tarfile.open(sdist) as files:
        files.extractall(folder, filter="data")
    return next(folder.iterdir())


def _builder(scratch: Path) -> Path:
    """A Python with the build backend: this one, where it has it, else one with the locked version,
    which a wheel names."""
    if importlib.util.find_spec("hatchling"):
        return Path(sys.executable)
    lock = (ROOT / "uv.lock").read_text("utf-8")
    (version,) = re.findall(r'(?m)^name = "hatchling"\nversion = "(.+)"', lock)
    return _environment(scratch / "builder", f"hatchling=={version}")


def _check_out(folder: Path) -> None:
    """The files of the commit, and nothing that lies beside them."""
    folder.mkdir()
    archive = folder.with_suffix(".tar")
    subprocess.run(["git", "archive", "-o", archive, "HEAD"], cwd=ROOT, check=True)
    with tarfile.open(archive) as files:
        files.extractall(folder, filter="data")


def download(out: Path, target: Target, pythons: Sequence[str]) -> None:
    """Put all wheels that an installation on `target` needs into `out`, checked by their hashes."""
    out.mkdir(parents=True, exist_ok=True)
    for python in pythons:
        with tempfile.TemporaryDirectory() as scratch:
            wanted = Path(scratch) / "requirements.txt"
            wanted.write_text(requirements(target, python), encoding="utf-8")
            subprocess.run(
                [
                    *(sys.executable, "-m", "pip", "download", "-q", "--no-deps"),
                    *("--only-binary", ":all:", "--require-hashes", "-r", str(wanted)),
                    *("--implementation", "cp", "--python-version", python, "-d", str(out)),
                    *(word for tag in target.tags for word in ("--platform", tag)),
                ],
                check=True,
            )
    print(f"{len(list(out.glob('*.whl')))} wheels in {out}")


def requirements(target: Target, python: str) -> str:
    """The constraints as requirements of `target`: pip asks the markers of the computer that it
    runs on."""
    from pip._vendor.packaging.markers import Marker

    asked = {**target.markers, "python_version": python, "python_full_version": f"{python}.0"}
    kept = []
    for one in re.findall(r"(?m)^[a-z0-9].*(?:\n[ \t].*)*", CONSTRAINTS.read_text("utf-8")):
        head, *hashes = one.split("\\\n")
        pin, _, marker = head.partition(";")
        if not marker.strip() or Marker(marker.strip()).evaluate(asked):
            kept.append("\\\n".join([f"{pin.strip()} ", *hashes]))
    return "\n".join(kept) + "\n"


def bill_of_materials(out: Path, wheels: Path) -> None:
    """Write what an installation from the folder `wheels` consists of, as CycloneDX JSON."""
    with tempfile.TemporaryDirectory() as scratch:
        tool = _environment(Path(scratch) / "tool", "cyclonedx-bom>=7,<8")
        installed = install(Path(scratch) / "installed", wheels)
        subprocess.run(
            [
                *(tool, "-m", "cyclonedx_py", "environment", "--output-reproducible"),
                *("--pyproject", ROOT / "pyproject.toml", "-o", out, installed),
            ],
            check=True,
        )
    print(f"{out}: {out.stat().st_size:,} bytes")


def install(folder: Path, wheels: Path) -> Path:
    """Install siptui from the folder `wheels`, with no index at all; the environment's Python."""
    python = _environment(folder)
    subprocess.run(
        [
            *(python, "-m", "pip", "--isolated", "install", "-q", "--no-index"),
            *("--find-links", wheels, "siptui"),
        ],
        check=True,
    )
    return python


def run_demo(siptui: Path) -> None:
    """Start the demo on a terminal of its own, wait for its list of phones, and leave it by `q`."""
    import pty  # not on Windows
    import termios

    pid, terminal = pty.fork()
    if pid == 0:
        termios.tcsetwinsize(0, (30, 100))
        os.environ["TERM"] = "xterm-256color"
        os.execv(siptui, [siptui, "demo"])  # noqa: S606 - no shell
    seen, begun = b"", time.monotonic()
    while b"@contoso.com" not in seen:
        if time.monotonic() - begun > 60:
            sys.exit(f"the demo showed no list of phones within a minute: {seen[-500:]!r}")
        seen += os.read(terminal, 65_536)
    os.write(terminal, b"q")
    try:
        while os.read(terminal, 65_536):
            pass
    except OSError:  # the terminal is closed
        pass
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        sys.exit(f"the demo ended with {code}")
    print(f"the demo ran: {len(seen):,} bytes until its list was shown")


def _environment(folder: Path, *packages: str) -> Path:
    """A virtual environment with these packages; its Python."""
    made = subprocess.run([sys.executable, "-m", "venv", folder], check=False, capture_output=True)
    if made.returncode:  # Debian has split ensurepip off
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = [*packages, *(["pip"] if made.returncode else [])]
    if wanted:
        pip = [sys.executable, "-m", "pip", "--python", python]
        subprocess.run([*pip, "install", "-q", *wanted], check=True)
    return python


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
