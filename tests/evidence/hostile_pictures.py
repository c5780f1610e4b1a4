"""Hostile pictures, documents and texts, made by code; each with the answer that it gets."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from functools import cache

import pillow_heif
from evidence_samples import MARKER, pdf, pdf_of, photograph, saved
from PIL import Image

MARK = MARKER.encode()
HTML = b"<html><script>" + MARK + b"</script></html>"
PHP = b"<?php system('" + MARK + b"'); ?>"
RED = "1 0 0 rg 0 0 200 100 re f"


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG (W3C PNG, 5.3)."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png(width: int = 8, height: int = 8, *chunks: bytes, rows: bytes | None = None) -> bytes:
    """A grey PNG with further chunks; ``rows`` are the compressed rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + bytes(width)) * height) if rows is None else rows
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunks)
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def jpeg(*segments: tuple[int, bytes], content: bytes = b"") -> bytes:
    """A JPEG with further segments after its first marker (ITU-T T.81, B.1.1.4)."""
    content = content or saved(photograph(64, 64), "JPEG")
    parts = [struct.pack(">BBH", 0xFF, sort, len(data) + 2) + data for sort, data in segments]
    return content[:2] + b"".join(parts) + content[2:]


def sized_jpeg(width: int, height: int) -> bytes:
    """A JPEG whose header says another size."""
    content = bytearray(saved(photograph(64, 64), "JPEG"))
    frame = content.index(b"\xff\xc0")
    content[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def webp(width: int, height: int) -> bytes:
    """An extended WebP whose header says this size (RFC 9649, 2.7)."""
    picture = saved(photograph(64, 64), "WEBP")[12:]
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    chunks = b"VP8X\x0a\0\0\0\0\0\0\0" + sizes + picture
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def heic() -> bytes:
    pillow_heif.register_heif_opener()
    return saved(photograph(64, 64), "HEIF", exif=tags())


def sized_heic(side: int) -> bytes:
    content = heic()
    box = content.index(b"ispe") + 8  # ISO/IEC 23008-12, 6.5.3
    return content[:box] + struct.pack(">II", side, side) + content[box + 8 :]


def tags(script: bytes = b"") -> bytes:
    """Exif with the place, the owner, a maker's note and a thumbnail."""
    exif = Image.Exif()
    exif[0x010E] = MARKER + script.decode()
    exif[0xA430] = MARKER
    exif.get_ifd(0x8769)[0x927C] = MARK * 3
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 52.0, 57.0)
    return exif.tobytes()


def zipped(*names: str) -> bytes:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, HTML + bytes(1 << 20))
    return output.getvalue()


def gif(*extensions: bytes, width: int = 8, frames: int = 1) -> bytes:
    picture = saved(Image.new("P", (8, 8), 1), "GIF")
    header, body = picture[:6] + struct.pack("<HH", width, width) + picture[10:13], picture[13:]
    palette_length = 3 * 2 ** ((picture[10] & 7) + 1) if picture[10] & 0x80 else 0
    palette, image = body[:palette_length], body[palette_length:-1]
    return header + palette + b"".join(extensions) + image * frames + b";"


@cache
def _compressed(size: int) -> bytes:
    compressor = zlib.compressobj(9)
    block = MARK + bytes(999_988)
    parts = [compressor.compress(block) for _ in range(size // 1_000_000)]
    return b"".join(parts) + compressor.flush()


def flate_bomb(kind: bytes, prefix: bytes, size: int = 100_000_000) -> bytes:
    return chunk(kind, prefix + _compressed(size))


def kids(count: int, kid: str) -> bytes:
    """A document whose page tree names one object many times."""
    return pdf_of(
        {
            1: "<< /Type /Catalog /Pages 2 0 R >>",
            2: f"<< /Type /Pages /Kids [{f'{kid} ' * count}] /Count {count} >>",
            4: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        }
    )


def stream(content: str, fields: str = "") -> str:
    return f"<< /Length {len(content)} {fields} >>\nstream\n{content}\nendstream"


def bomb_page(size: int) -> bytes:
    """A page whose compressed drawing is that long."""
    zeros = zlib.compress(b"0 " * (size // 2), 9).decode("latin-1")
    return pdf(RED, objects=(stream(zeros, "/Filter /FlateDecode"),)).replace(
        b"/Contents 101 0 R", b"/Contents 010 0 R"
    )


FONT, XOBJECT = b"/Font << /F1 3 0 R >>", "/XObject << /X 10 0 R >>"
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 9 9]"
ENCRYPTED = (
    "/ID [<00><00>] /Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 "
    f"/O <{'41' * 32}> /U <{'42' * 32}> >>"
)
ADOBE_APP14 = saved(photograph(64, 64).convert("CMYK"), "JPEG")

# What is refused before anything is decoded.
REFUSED: dict[str, bytes] = {
    "HTML named as a picture": HTML,
    "HTML after a byte order mark and blanks": b"\xef\xbb\xbf \r\n\t" + HTML,
    "HTML in UTF-16": HTML.decode().encode("utf-16"),
    "HTML after a page of words": b"Bonjour\n" * 500 + HTML,
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="' + MARK + b'"/>',
    "XML with an external entity": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "/x">]>',
    "DASH manifest": b'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "PHP": PHP,
    "shell script": b"#!/bin/sh\necho " + MARK,
    "HLS playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
    "concat script": b"ffconcat version 1.0\nfile 'file:///etc/passwd'\n",
    "RTF with an object": b"{\\rtf1{\\object " + MARK + b"}}",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n(" + MARK + b") run",
    "ZIP": zipped("index.html"),
    "ZIP bomb": zipped(*(f"{i}.html" for i in range(20))),
    "office document with macros": zipped("[Content_Types].xml", "word/vbaProject.bin"),
    "gzip bomb": zlib.compress(bytes(10_000_000), wbits=31),
    "RAR": b"Rar!\x1a\x07\x01\0" + MARK,
    "7z": b"7z\xbc\xaf\x27\x1c\0\4" + MARK,
    "old office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
    "program for Linux": b"\x7fELF\2\1\1\0" + bytes(64),
    "program for Windows": b"MZ\x90\0\3\0\0\0" + MARK,
    "Java class": b"\xca\xfe\xba\xbe\0\0\0\x34",
    "WebAssembly": b"\0asm\1\0\0\0",
    "shortcut of Windows": b"L\0\0\0\1\x14\2\0",
    "Flash": b"CWS\x0a" + zlib.compress(MARK),
    "TIFF": saved(photograph(8, 8), "TIFF"),
    "BMP": saved(photograph(8, 8), "BMP"),
    "icon": saved(photograph(16, 16), "ICO"),
    "Photoshop": b"8BPS\0\1" + bytes(32),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "AVI": b"RIFF\x24\0\0\0AVI LIST" + bytes(64),
    "transport stream": (b"G\x40\0\x10" + bytes(184)) * 4,
    "NUL bytes": bytes(4096),
    "words with a NUL": b"Bonjour\0" + MARK,
    "words with commands of a terminal": b"Bonjour \x1b]0;" + MARK + b"\x07",
    "GIF of another version": b"GIF88a" + bytes(20),
    "file type box of 4 GB": b"\xff\xff\xff\xf0ftypisom" + bytes(64),
}

# Pictures: what they become, or why not.
PICTURES: dict[str, tuple[bytes, str]] = {
    "PNG that says 2 billion pixels each way": (png(2**31 - 1, 2**31 - 1, rows=b""), "copy_pixels"),
    "PNG of 2.5 thousand million points": (
        png(50_000, 50_000, rows=zlib.compress(bytes(50_000_000), 9)),
        "copy_pixels",
    ),
    "JPEG that says 65,500 each way": (sized_jpeg(65_500, 65_500), "copy_pixels"),
    "WebP that says 16,383 each way": (webp(16_383, 16_383), "copy_pixels"),
    "GIF that says 65,535 each way": (gif(width=65_535), "copy_pixels"),
    "HEIC that says 60,000 each way": (sized_heic(60_000), "copy_pixels"),
    "PNG without width": (png(0, 8, rows=b""), "copy_broken"),
    "JPEG without height": (sized_jpeg(64, 0), "copy_broken"),
    "JPEG that says more lines than it has": (sized_jpeg(64, 9_000), "image/jpeg"),
    "PNG whose rows are missing": (png(400, 400, rows=zlib.compress(b"\0")), "copy_broken"),
    "PNG with more rows than it says": (png(rows=zlib.compress(bytes(10_000_000))), "image/png"),
    "PNG cut in the middle": (saved(photograph(), "PNG")[:9_000], "copy_broken"),
    "JPEG cut in the middle": (saved(photograph(), "JPEG")[:5_000], "copy_broken"),
    "GIF cut in the middle": (saved(photograph(), "GIF")[:9_000], "copy_broken"),
    "WebP cut in the middle": (saved(photograph(), "WEBP")[:3_000], "copy_broken"),
    "HEIC cut in the middle": (heic()[:600], "copy_broken"),
    "WebP whose length is wrong": (
        saved(photograph(), "WEBP").replace(b"RIFF", b"RIFF\xff\xff\xff\x7f", 1)[:4]
        + b"\x10\0\0\0"
        + saved(photograph(), "WEBP")[8:],
        "copy_broken",
    ),
    "PNG with a wrong check sum": (png()[:29] + b"\0\0\0\0" + png()[33:], "copy_broken"),
    "PNG with a bomb of words": (png(8, 8, flate_bomb(b"zTXt", b"Comment\0\0")), "copy_broken"),
    "PNG with a bomb of words in UTF-8": (
        png(8, 8, flate_bomb(b"iTXt", b"Comment\0\1\0\0\0")),
        "copy_broken",
    ),
    "PNG with a bomb of a profile": (png(8, 8, flate_bomb(b"iCCP", b"profile\0\0")), "copy_broken"),
    "PNG with ten thousand comments": (
        png(8, 8, *[chunk(b"tEXt", b"Comment\0" + MARK)] * 10_000),
        "image/png",
    ),
    "PNG with a chunk of 2 GB": (
        png()[:33] + b"\x7f\xff\xff\xfftEXt" + MARK + png()[33:],
        "copy_broken",
    ),
    "PNG followed by PHP": (png() + PHP, "image/png"),
    "PNG with words, profile and Exif": (
        png(
            8,
            8,
            chunk(b"tEXt", b"Author\0" + MARK),
            chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + MARK),
            chunk(b"eXIf", tags()[6:]),
            chunk(b"tIME", b"\x07\xea\x0b\x1c\0\0\0"),
        ),
        "image/png",
    ),
    "JPEG followed by HTML": (jpeg() + HTML, "image/jpeg"),
    "JPEG followed by a ZIP": (jpeg() + zipped("a.html"), "image/jpeg"),
    "JPEG with HTML as its comment": (jpeg((0xFE, HTML)), "image/jpeg"),
    "JPEG with place, owner and thumbnail": (jpeg((0xE1, tags(HTML))), "image/jpeg"),
    "JPEG with Exif that leads to itself": (
        jpeg((0xE1, b"Exif\0\0II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0")),
        "image/jpeg",
    ),
    "JPEG with Exif of 4 thousand million entries": (
        jpeg((0xE1, b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + MARK * 100)),
        "image/jpeg",
    ),
    "JPEG with XMP": (
        jpeg((0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + MARK + b"</x:xmpmeta>")),
        "image/jpeg",
    ),
    "JPEG with IPTC": (
        jpeg((0xED, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\x14\x1c\2\x69\0\x0d" + MARK)),
        "image/jpeg",
    ),
    "JPEG with a profile that is none": (
        jpeg((0xE2, b"ICC_PROFILE\0\1\1" + MARK * 100)),
        "image/jpeg",
    ),
    "JPEG with a part of a profile": (jpeg((0xE2, b"ICC_PROFILE\0\7\xff" + MARK)), "image/jpeg"),
    "JPEG of four inks": (jpeg((0xFE, MARK), content=ADOBE_APP14), "image/jpeg"),
    "JPEG with a second picture": (
        saved(photograph(64, 64), "MPO", save_all=True, append_images=[photograph(32, 32)]) + MARK,
        "image/jpeg",
    ),
    "JPEG with segments of no length": (jpeg((0xE9, b"")) + MARK, "image/jpeg"),
    "JPEG that is only its first marker": (b"\xff\xd8\xff\xe0" + MARK, "copy_broken"),
    "GIF that is a script": (b"GIF89a=1/*" + MARK + b"*/;alert(1)", "copy_broken"),
    "GIF with a comment and an application": (
        gif(
            b"\x21\xfe" + bytes([len(MARK)]) + MARK + b"\0",
            b"\x21\xff\x0bXMP DataXMP" + bytes([len(MARK)]) + MARK + b"\0",
        ),
        "image/png",
    ),
    "GIF of five thousand pictures": (gif(frames=5_000) + MARK, "image/png"),
    "WebP followed by HTML": (saved(photograph(64, 64), "WEBP") + HTML, "image/jpeg"),
    "WebP with Exif and XMP": (
        saved(photograph(64, 64), "WEBP", exif=tags(), xmp=MARK),
        "image/jpeg",
    ),
    "HEIC with place and owner": (heic(), "image/jpeg"),
    "HEIC that is only its type": (heic()[:40], "copy_broken"),
}  # fmt: skip

PDFS: dict[str, tuple[bytes, str]] = {
    "PDF with a script that opens with it": (
        pdf(RED, catalog=f"/OpenAction << /S /JavaScript /JS (app.alert('{MARKER}')) >>"),
        "image/png",
    ),
    "PDF that starts a program": (
        pdf(RED, catalog=f"/OpenAction << /S /Launch /F ({MARKER}) >>"),
        "image/png",
    ),
    "PDF that opens an address": (
        pdf(RED, catalog=f"/OpenAction << /S /URI /URI (http://127.0.0.1/{MARKER}) >>"),
        "image/png",
    ),
    "PDF that sends a form": (
        pdf(RED, catalog=f"/OpenAction << /S /SubmitForm /F (http://127.0.0.1/{MARKER}) >>"),
        "image/png",
    ),
    "PDF with a file in it": (
        pdf(
            RED,
            objects=(stream(MARKER * 100, "/Type /EmbeddedFile"),),
            catalog="/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a.exe) "
            "/EF << /F 10 0 R >> >>] >> >>",
        ),
        "image/png",
    ),
    "PDF with a form of XML": (
        pdf(
            RED,
            objects=(stream(f"<xdp:xdp>{MARKER}</xdp:xdp>"),),
            catalog="/AcroForm << /XFA 10 0 R /Fields [] >>",
        ),
        "image/png",
    ),
    "PDF with author and XMP": (
        pdf(
            RED,
            objects=(stream(f"<x:xmpmeta>{MARKER}</x:xmpmeta>", "/Type /Metadata"),),
            catalog="/Metadata 10 0 R",
            trailer=f"/Info << /Author ({MARKER}) >>",
        ),
        "image/png",
    ),
    "PDF that reads a stream from a file": (
        pdf(
            "/X Do",
            objects=(stream("", f"{FORM} /F (/etc/passwd)"),),
        ).replace(FONT, XOBJECT.encode()),
        "image/png",
    ),
    "PDF with a password": (pdf(RED, trailer=ENCRYPTED), "copy_encrypted"),
    "PDF with an unknown encryption": (
        pdf(RED, trailer="/Encrypt << /Filter /Adobe.PubSec /V 99 >>"),
        "copy_encrypted",
    ),
    "PDF of 100,000 pages": (kids(100_000, "4 0 R"), "copy_pages"),
    "PDF whose page tree contains itself": (kids(3, "2 0 R"), "copy_broken"),
    "PDF that says a million pages and has none": (
        kids(1, "9 0 R").replace(b"/Count 1 ", b"/Count 999999 "),
        "copy_pages",
    ),
    "PDF with pages of a kilometre": (
        pdf(RED).replace(b"[0 0 200 100]", b"[0 0 9e8 9e8]"),
        "image/png",
    ),
    "PDF with a page as thin as a hair": (
        pdf(RED).replace(b"[0 0 200 100]", b"[0 0 1e-9 9e9]"),
        "image/png",
    ),
    "PDF cut in the middle": (pdf(RED, RED)[:150], "copy_broken"),
    "PDF without a table": (b"%PDF-1.7\n" + MARK * 100, "copy_broken"),
    "PDF that is also a ZIP": (pdf(RED) + zipped("a.html"), "image/png"),
    "PDF that is also HTML": (pdf(RED) + HTML, "image/png"),
    "PDF whose drawing calls itself": (
        pdf("/X Do", objects=(stream("/X Do", f"{FORM} /Resources << {XOBJECT} >>"),)).replace(
            FONT, XOBJECT.encode()
        ),
        "image/png",
    ),
    "PDF with a drawing nested 100,000 times": (pdf("q " * 100_000 + RED), "image/png"),
    "PDF with arrays nested 100,000 times": (
        pdf(RED, objects=("[" * 100_000 + "]" * 100_000,)),
        "image/png",
    ),
    "PDF whose stream says a negative length": (
        pdf(RED).replace(b"/Length 25", b"/Length -9"),
        "image/png",
    ),
    "PDF with a broken picture": (
        pdf(
            "200 0 0 100 0 0 cm /X Do",
            objects=(
                stream(
                    MARKER,
                    "/Type /XObject /Subtype /Image /Width 99999 /Height 99999 "
                    "/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /JBIG2Decode",
                ),
            ),
        ).replace(FONT, XOBJECT.encode()),
        "image/png",
    ),
}  # fmt: skip

TEXTS: dict[str, tuple[bytes, str]] = {
    "text turned from right to left": ("le maire \u202etid".encode(), "text/plain"),
    "text that hides words in tags": (
        ("Bonjour" + "".join(chr(0xE0000 + byte) for byte in MARK)).encode(),
        "text/plain",
    ),
    "text of 3 MB": (b"Bonjour\n" * 400_000, "copy_text"),
    "binary after a page of words": (b"Bonjour\n" * 4_000 + bytes(100), "copy_broken"),
    "text of combining marks": (("a" + "\u0301" * 50_000).encode(), "text/plain"),
    "script of a drawing": (b"push graphic-context\nimage over 0,0 0,0 'x:'\n", "text/plain"),
    "formula of a spreadsheet": (b"=HYPERLINK(\"http://x\")\n", "text/plain"),
    "text in no encoding": (b"Bonjour\n" * 4_000 + b"\x81\x8d", "copy_broken"),
}  # fmt: skip
