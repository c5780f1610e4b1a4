"""The container image, the guide and the wheel on a bare Debian: each serves from nothing.

No container engine runs where this was written. The image is what the Containerfile's own commands
leave in the folder of a Debian, and a container is a process in it: namespaces, chroot, the system
only read, the image's user without rights. So the engine's own part (layers, its reading of the
file, its network) is not proved, nor are the images of PostgreSQL and Redis.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from bare_debian import PATH, Container, System, build, container, make_debian, missing_means
from containerfile import FILE, TOP, Stage, stages

pytestmark = pytest.mark.prove

SUITE = "trixie"
STAGES = stages(FILE.read_text("utf-8"))
IMAGE = STAGES[""]
SETTINGS = dict(
    line.split("=", 1)
    for line in (FILE.parent / "environment").read_text("utf-8").replace('"', "").splitlines()
    if line and not line.startswith("#")
)
GUIDE = (TOP / "docs" / "exploitation.md").read_text("utf-8")
REPOSITORY = "/srv/depot"
DEMO = TOP / "register" / "demo" / "incidents.csv"
MEGABYTE = 1_000_000
# Asks for a page as a proxy does; prints the status and the text.
PAGE = """
import sys
from http.client import HTTPConnection
connection = HTTPConnection("127.0.0.1", 5000, timeout=20)
headers = {"Host": sys.argv[1], "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
connection.request("GET", sys.argv[2], headers=headers)
response = connection.getresponse()
print(response.status, flush=True)
sys.stdout.buffer.write(response.read())
"""
WRITE = """
import errno, pathlib, sys
for name in sys.argv[1:]:
    try:
        pathlib.Path(name, "probe").touch()
        print(name, "written")
    except OSError as error:
        print(name, errno.errorcode[error.errno])
"""


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> System:
    folder = tmp_path_factory.mktemp("debian") / SUITE
    if reason := missing_means() or make_debian(folder, SUITE):
        pytest.skip(reason)
    return System(folder)


@pytest.fixture(scope="module")
def image(debian: System, tmp_path_factory: pytest.TempPathFactory) -> System:
    return build(STAGES, debian, tmp_path_factory.mktemp("image"))


@pytest.fixture
def volumes(tmp_path: Path) -> dict[str, Path]:
    """Empty volumes, as an engine makes them from the folders of the image."""
    result = {}
    for inside in (*IMAGE.volumes, "/backup", "/backup-keys"):
        outside = result[inside] = tmp_path / inside.strip("/").replace("/", "-")
        outside.mkdir(mode=0o700)
        user, group = map(int, IMAGE.user.split(":"))
        shutil.chown(outside, user, group)
    return result


def _page(web: Container, address: str, host: str = "registre.example") -> tuple[int, str]:
    result = web.execute("python3", "-Ic", PAGE, host, address)
    status, _newline, text = result.stdout.partition("\n")
    assert status, result.stderr
    return int(status), text


def _require_pages(web: Container, host: str = "registre.example") -> None:
    for address in ("/", "/incidents", "/signaler", "/en/", "/registre", "/compte/connexion"):
        status, text = _page(web, address, host)
        assert (status, "</html>" in text) == (200, True), address
    style_sheet = re.search(r'href="(/static/[^"]+\.css)"', _page(web, "/", host)[1])
    assert style_sheet
    assert _page(web, style_sheet[1], host)[0] == 200
    assert _page(web, "/readyz", host)[0] == 200


def _require_faults(report: str, *words: str) -> None:
    """Require the faults of ``doctor`` to be these, each with its words; the notice is made up."""
    faults = [line for line in report.splitlines() if line.startswith("✗")]
    assert len(faults) == len(words), faults
    assert all(word in fault for word, fault in zip(words, faults, strict=True)), faults


def _require_end(*running: Container) -> None:
    for each in running:
        code, output = each.stop()
        assert (code, "Traceback" in output) == (0, False), output


def test_the_image_serves_a_register_from_nothing(
    image: System, debian: System, volumes: dict[str, Path]
) -> None:
    def run(*words: str, stdin: Path | None = None) -> str:
        """As ``docker run --rm`` does; its output."""
        command = [*IMAGE.entrypoint, *words]
        with container(image, IMAGE, volumes, command, stdin=stdin, **SETTINGS) as running:
            output, _errors = running.process.communicate(timeout=120)
        assert running.process.returncode == 0, output
        return output

    assert IMAGE.labels["org.opencontainers.image.version"] in run("--version")
    assert "https://registre.example/" in run("init")
    assert "peut être servi" in run("check")
    for name, role in (("ada", "administrator"), ("bruno", "moderator")):
        run("member", "add", f"{name}@registre.example", "--role", role)
    people = ("--by", "ada@registre.example", "--second", "bruno@registre.example")
    run("import", "-", "--publish", *people, "--reason", "essai", stdin=DEMO)
    run("backup", "/backup", "--keys", "/backup-keys", "--same-device")

    serve = [*IMAGE.entrypoint, *IMAGE.command]
    with (
        container(image, IMAGE, volumes, serve, **SETTINGS) as web,
        container(image, IMAGE, volumes, [*IMAGE.entrypoint, "follow"], **SETTINGS) as worker,
    ):
        web.wait_for("Web Citoyen répond sur")
        worker.wait_for('"event": "elected"')
        _require_pages(web)
        assert "Gagny" in _page(web, "/incidents/1")[1] + _page(web, "/incidents?commune=93032")[1]
        assert web.execute(*IMAGE.health).returncode == 0
        places = ["/", "/etc", "/opt/webcitoyen", "/usr", "/var/lib", *IMAGE.volumes, "/tmp"]
        lines = web.execute("python3", "-Ic", WRITE, *places).stdout.splitlines()
        outcomes = dict(line.split() for line in lines)
        assert outcomes == {
            place: "written" if place in (*IMAGE.volumes, "/tmp") else "EROFS" for place in places
        }
        status = Path(f"/proc/{web.first_process}/status").read_text("ascii")
        assert re.search(r"^Uid:\s+10001\s+10001\s+10001", status, re.M)
        assert set(re.findall(r"^Cap\w+:\s+(\w+)$", status, re.M)) == {"0" * 16}
        assert "NoNewPrivs:\t1" in status
        report = web.execute("webcitoyen", "doctor").stdout
        _require_faults(report, "--rehearse", "un exemple")
        assert "à l’œuvre" in web.execute("webcitoyen", "search", "status").stdout
        _require_end(web, worker)
    size = image.size() // MEGABYTE
    print(f"The image has {size} MB, of which {debian.size() // MEGABYTE} are Debian's.")
    assert size < 700


def _commands(title: str, end: str) -> str:
    """The commands of a part of the guide, as its reader types them."""
    part = GUIDE.split(f"\n{title}\n")[1].split(f"\n{end}")[0]
    commands = ""
    for indent, block in re.findall(r"^( *)```sh\n(.*?)^ *```", part, re.M | re.S):
        commands += re.sub(f"^{indent}", "", block, flags=re.M)
    # The address and the text of the settings are the reader's own.
    return commands.replace("ADRESSE-DU-DÉPÔT", REPOSITORY).replace("\nnano ", "\n: nano ")


def _bring_repository(system: System) -> None:
    place = system.root / REPOSITORY.lstrip("/")
    subprocess.run(["git", "clone", "--quiet", "--bare", f"file://{TOP}", place], check=True)


def test_the_commands_of_the_guide_make_a_service_on_a_bare_debian(
    debian: System, tmp_path: Path
) -> None:
    """Steps 2 to 5; what the first line installs, Debian's installer has brought."""
    system = debian.copy(tmp_path / "guide")
    system.run("apt-get update; apt-get install --no-install-recommends adduser ca-certificates")
    _bring_repository(system)
    typed = _commands("## Installer", "6. **Le service**")
    assert "tools/venv scale" in typed
    doctor = "\nwebcitoyen doctor"
    assert typed.count(doctor) == 1
    output = system.run(typed.replace(doctor, f"{doctor} || true"))
    _require_faults(output, "webcitoyen backup", "--rehearse", "un exemple", "Aucun suiveur")
    accounts = (system.root / "etc" / "passwd").read_text("utf-8")
    user = re.search(r"^webcitoyen:x:(\d+):(\d+):", accounts, re.M)
    unit = (FILE.parent / "webcitoyen.service").read_text("utf-8")
    start = re.search(r"^ExecStart=(.*)$", unit, re.M)
    assert user
    assert start
    folders = {name: system.root / name.lstrip("/") for name in IMAGE.volumes}
    service = Stage("", {"PATH": PATH}, user=f"{user[1]}:{user[2]}", workdir=IMAGE.volumes[0])
    with container(system, service, folders, start[1].split(), **SETTINGS) as web:
        web.wait_for("Web Citoyen répond sur")
        _require_pages(web)
        _require_end(web)


def test_the_wheel_is_installed_by_pipx_and_serves(debian: System, tmp_path: Path) -> None:
    """As a person without root's rights does, but for the packages of Debian."""
    system = debian.copy(tmp_path / "pipx")
    _bring_repository(system)
    # git reads no repository of somebody else on the same machine.
    system.run(f"apt-get update; useradd --create-home amina; chown -R amina {REPOSITORY}")
    packages, _newline, typed = _commands("### Par un paquet", "### En conteneur").partition("\n")
    assert packages.startswith("apt install ")
    system.run(packages)
    home = "/home/amina"
    environ = {"HOME": home, "LANG": "C.UTF-8", "PATH": f"{home}/.local/bin:{PATH}"}
    (system.root / "tmp" / "typed").write_text(f"cd\n{typed}\npipx runpip webcitoyen freeze")
    person = "setpriv --reuid=amina --regid=amina --clear-groups"
    output = system.run(f"{person} sh -e /tmp/typed", environ)
    pins = (TOP / "requirements" / "scale.txt").read_text("utf-8").lower()
    pins += (TOP / "requirements" / "run.txt").read_text("utf-8").lower()
    installed = re.findall(r"^([\w.-]+==\S+)$", output.lower().replace("_", "-"), re.M)
    assert len(installed) > 40
    assert [line for line in installed if f"\n{line} " not in f"\n{pins}"] == []
    stage = Stage("", environ, user="1000:1000", workdir=home)
    folders = {home: system.root / home.lstrip("/")}
    with container(system, stage, folders, ["webcitoyen", "init"]) as running:
        output, _errors = running.process.communicate(timeout=60)
    assert running.process.returncode == 0, output
    with container(system, stage, folders, ["webcitoyen", "serve"]) as web:
        web.wait_for("Web Citoyen répond sur")
        _require_pages(web, "127.0.0.1:5000")
        _require_end(web)
