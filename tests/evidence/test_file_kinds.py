"""Files are recognised by their first bytes, and what is on no list is refused."""

from __future__ import annotations

import pytest

from register.errors import Invalid
from register.evidence import file_kinds
from register.evidence.file_kinds import HEAD_BYTES, recognise


def box(kind: bytes, *brands: bytes) -> bytes:
    content = brands[0] + b"\0\0\2\0" + b"".join(brands[1:])
    return (8 + len(content)).to_bytes(4, "big") + kind + content + b"\0\0\0\x08free"


def ogg(packet: bytes) -> bytes:
    return b"OggS\0\2" + bytes(20) + b"\1" + bytes([len(packet)]) + packet


MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)  # 128 kbit/s at 44,100 Hz: 417 bytes
MP3_SLOW_FRAME = b"\xff\xf3\x40\xc4" + bytes(188)  # MPEG-2, 32 kbit/s at 22,050 Hz: 104 bytes
AAC_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)

TAKEN = {
    "JPEG": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1", "image/png"),
    "GIF": (b"GIF89a\1\0\1\0", "image/gif"),
    "WebP": (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
    "WebP with profile": (b"RIFF\x24\0\0\0WEBPVP8X", "image/webp"),
    "HEIC": (box(b"ftyp", b"heic", b"mif1", b"heic"), "image/heic"),
    "HEIF": (box(b"ftyp", b"mif1", b"heic"), "image/heic"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
    "PDF after a blank line": (b"\xef\xbb\xbf\r\n%PDF-2.0\n", "application/pdf"),
    "MP3 with tags": (b"ID3\4\0\0\0\0\1\2" + bytes(20), "audio/mpeg"),
    "MP3": (MP3_FRAME * 2, "audio/mpeg"),
    "AAC": (AAC_FRAME * 2, "audio/aac"),
    "M4A": (box(b"ftyp", b"M4A ", b"isom"), "audio/mp4"),
    "Opus": (ogg(b"OpusHead\1\2"), "audio/ogg"),
    "Vorbis": (ogg(b"\1vorbis\0\0"), "audio/ogg"),
    "Theora": (ogg(b"\x80theora\3"), "video/ogg"),
    "WAV": (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
    "FLAC": (b"fLaC\0\0\0\x22" + bytes(34), "audio/flac"),
    "AMR": (b"#!AMR\n\x3c", "audio/amr"),
    "MP4": (box(b"ftyp", b"isom", b"avc1"), "video/mp4"),
    "MP4 of an unknown major brand": (box(b"ftyp", b"ZZZZ", b"YYYY", b"mp42"), "video/mp4"),
    "MOV": (box(b"ftyp", b"qt  "), "video/quicktime"),
    "MOV before the file type box": (b"\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"),
    "3GP": (box(b"ftyp", b"3gp5", b"isom"), "video/3gpp"),
    "WebM": (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\x82\x84webm", "video/webm"),
    "Matroska": (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\1\x42\x82\x88matroska", "video/matroska"),
    "text": ("Le maire m’a dit : « pas de caméra ».\r\n\tSigné, Amina".encode(), "text/plain"),
    "text with a byte order mark": (b"\xef\xbb\xbfBonjour", "text/plain"),
    "text in Windows-1252": ("Délibération n° 12 – « huis clos »".encode("cp1252"), "text/plain"),
    "text that quotes an address": (b"<amina@example.org> wrote: 1 < 2", "text/plain"),
    "text about GIF89": (b"GIF8 is an image format", "text/plain"),
}

REFUSED = {
    "HTML": b"<!DOCTYPE html><title>x</title>",
    "HTML after blanks": b"\xef\xbb\xbf\n  <html>",
    "HTML after words": b"Bonjour <script>alert(1)</script>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "SVG after a comment": b"<!-- x --><svg/>",
    "XML": b'<?xml version="1.0"?><x/>',
    "PHP": b"<?php phpinfo();",
    "PHP after words": b"Bonjour <?= 1 ?>",
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "HLS playlist": b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n",
    "concat script": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "PostScript": b"%!PS-Adobe-3.0\n",
    "RTF": b"{\\rtf1 Bonjour}",
    "ZIP": b"PK\3\4\x14\0\0\0",
    "office document of 2003": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "program for Linux": b"\x7fELF\2\1\1\0",
    "program for Windows": b"MZ\x90\0\3\0\0\0",
    "gzip": b"\x1f\x8b\x08\0",
    "TIFF": b"II*\0\x08\0\0\0",
    "BMP": b"BM\x36\0\0\0\0\0",
    "AVI": b"RIFF\x24\0\0\0AVI LIST",
    "AVIF": box(b"ftyp", b"avif", b"miaf"),
    "FLV": b"FLV\1\5\0\0\0\x09",
    "Flash": b"CWS\x0a\0\0\0\0",
    "text with a NUL": b"Bonjour\0Amina",
    "text with an escape": b"Bonjour \x1b[31mrouge",
    "neither encoding": b"Bonjour \x81\x8d",
    "text in UTF-16": "Bonjour".encode("utf-16"),
    "one MP3 frame": MP3_FRAME,
    "MP3 of a reserved version": b"\xff\xea\x90\0" * 300,
    "AAC of an empty frame": b"\xff\xf1\x50\x80\0\0\xfc" * 2,
    "file type box longer than its head": b"\0\1\0\0ftypisom",
    "file type box without a known brand": box(b"ftyp", b"crx ", b"crx "),
    "Ogg of unknown content": ogg(b"fishead\0"),
    "EBML of unknown content": b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84evil",
    "PDF after other words": b"Bonjour \0%PDF-1.7",
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_is_recognised_by_its_first_bytes(name: str) -> None:
    head, mime = TAKEN[name]
    assert recognise(head, len(head)) == mime


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_on_no_list_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="evidence_kind"):
        recognise(REFUSED[name], len(REFUSED[name]))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Invalid, match="evidence_empty"):
        recognise(b"", 0)


def test_each_type_has_its_example() -> None:
    assert {mime for _head, mime in TAKEN.values()} == set(file_kinds.MEDIA_TYPES)


def test_a_head_may_end_inside_a_character() -> None:
    # Cyrillic: no text of Windows-1252, which has no character 0x81.
    head = ("с" * HEAD_BYTES).encode()[: HEAD_BYTES - 1]
    assert recognise(head, 2 * HEAD_BYTES) == file_kinds.TEXT
    with pytest.raises(Invalid):
        recognise(head, len(head))


def test_frames_of_both_mpeg_versions_are_measured() -> None:
    assert file_kinds._mp3_frame(MP3_FRAME) == 417
    assert file_kinds._mp3_frame(MP3_SLOW_FRAME) == 104
    assert file_kinds._aac_frame(AAC_FRAME) == 16
