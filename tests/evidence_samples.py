"""Evidence files for tests: pictures, PDF documents, sounds and videos, made by code."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import asdict
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from PIL import Image, ImageDraw

from register.evidence.clean_copy import copies
from register.evidence.clean_copy.edits import Edits
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.file_kinds import HEAD_BYTES, recognise

MARKER = "MARQUEUR-4e1a"

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="ffmpeg makes and copies sounds and videos"
)


def mime_of(content: bytes) -> str:
    return recognise(content[:HEAD_BYTES], len(content))


def copied(
    content: bytes, edits: Edits | None = None, limits: CopyLimits | None = None
) -> list[tuple[copies.CopyPage, bytes]]:
    """The pages of a clean copy with their bytes, as the register gets them."""
    pages = copies.make_copy(BytesIO(content), mime_of(content), asdict(edits or Edits()), limits)
    return [(page, b"".join(page.chunks)) for page in pages]


def children() -> set[int]:
    """The processes that this one started and that have not been waited for."""
    task = Path("/proc/self/task")
    return {
        int(number)
        for thread in task.iterdir()
        for number in (thread / "children").read_text("ascii").split()
    }


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def photograph(width: int = 320, height: int = 200) -> Image.Image:
    """Many colours, with a red upper left quarter."""
    picture = Image.linear_gradient("L").resize((width, height))
    picture = Image.merge("RGB", (picture.rotate(180), picture, picture.transpose(0)))
    noise = Image.effect_noise((width, height), 40)
    picture.paste(Image.merge("RGB", (noise, noise, picture.getchannel(0))), (0, height // 2))
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill="red")
    return picture


def saved(picture: Image.Image, image_format: str, **options: object) -> bytes:
    output = BytesIO()
    picture.save(output, image_format, **options)
    return output.getvalue()


def pdf(*pages: str, objects: tuple[str, ...] = (), catalog: str = "", trailer: str = "") -> bytes:
    """A document whose pages are given as drawing operators.

    :param objects: further indirect objects, numbered from 10 on.
    """
    numbers = [100 + 2 * i for i in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    parts = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        **{10 + i: content for i, content in enumerate(objects)},
    }
    for number, drawing in zip(numbers, pages, strict=True):
        parts[number] = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents "
            f"{number + 1} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        parts[number + 1] = f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream"
    return pdf_of(parts, trailer)


def pdf_of(parts: dict[int, str], trailer: str = "") -> bytes:
    """A document of these objects, with its table of references."""
    output, offsets = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), {}
    for number, content in parts.items():
        offsets[number] = len(output)
        output += f"{number} 0 obj\n{content}\nendobj\n".encode("latin-1")
    start = len(output)
    output += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in offsets.items():
        output += f"{number} 1\n{offset:010d} 00000 n \n".encode()
    size = max(parts) + 1
    output += (
        f"trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF".encode()
    )
    return bytes(output)


@cache
def recording(*options: str, suffix: str = "mp4") -> bytes:
    """What ffmpeg makes of these options; the last ones are those of the output."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / f"recording.{suffix}"
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *options, str(output)]
        subprocess.run(command, check=True, timeout=60)
        return output.read_bytes()


PICTURE = ("-f", "lavfi", "-i", "testsrc=size=160x90:rate=10:duration=3")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=440:duration=3")
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def video() -> bytes:
    """Three seconds of picture and sound, full of metadata."""
    return recording(
        *(*PICTURE, *SOUND, *H264, "-c:a", "aac"),
        *("-metadata", f"title={MARKER}", "-metadata", f"comment={MARKER}"),
        *("-metadata", "location=+48.8834+002.5300/", "-metadata:s:v", f"handler_name={MARKER}"),
        *("-metadata:s:a", f"handler_name={MARKER}"),
    )


def decoded(content: bytes) -> Image.Image:
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture
