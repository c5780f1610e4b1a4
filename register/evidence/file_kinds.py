"""Kinds of evidence files, recognised by their first bytes.

Neither name nor declared type is read. An allow list: what has no signature below is refused,
archives, programs, office documents, SVG and HTML among them. Why no library does it: record 57.
"""

from __future__ import annotations

import re
from enum import StrEnum

from register.errors import Invalid

# The first bytes that ``recognise`` wants: two frames of MP3 or AAC, and enough of a text.
HEAD_BYTES = 16 * 1024


class FileKind(StrEnum):
    """What a file is to a reader: how its clean copy is made and shown."""

    IMAGE = "image"
    PDF = "pdf"
    TEXT = "text"
    AUDIO = "audio"
    VIDEO = "video"


# The media types (IANA) of the formats that are recognised.
JPEG = "image/jpeg"
PNG = "image/png"
GIF = "image/gif"
WEBP = "image/webp"
HEIC = "image/heic"
PDF = "application/pdf"
TEXT = "text/plain"
MP3 = "audio/mpeg"
AAC = "audio/aac"
M4A = "audio/mp4"
OGG_AUDIO = "audio/ogg"
WAV = "audio/wav"
FLAC = "audio/flac"
AMR = "audio/amr"
MP4 = "video/mp4"
MOV = "video/quicktime"
THREE_GP = "video/3gpp"
OGG_VIDEO = "video/ogg"
WEBM = "video/webm"
MATROSKA = "video/matroska"

MEDIA_TYPES = (
    *(JPEG, PNG, GIF, WEBP, HEIC, PDF, TEXT, MP3, AAC, M4A, OGG_AUDIO, WAV, FLAC, AMR),
    *(MP4, MOV, THREE_GP, OGG_VIDEO, WEBM, MATROSKA),
)
KINDS = {
    mime: FileKind.PDF if mime == PDF else FileKind(mime.partition("/")[0]) for mime in MEDIA_TYPES
}

# Endings of names that are not the second half of the media type.
_EXTENSIONS = {
    JPEG: "jpg",
    TEXT: "txt",
    MP3: "mp3",
    M4A: "m4a",
    MOV: "mov",
    THREE_GP: "3gp",
    MATROSKA: "mkv",
}


def extension(mime: str) -> str:
    """The ending of a name for a media type; ``bin`` for a type that is not recognised."""
    return _EXTENSIONS.get(mime, mime.partition("/")[2]) if mime in KINDS else "bin"


# One pattern a format, at the first byte. A short one is followed by what the format demands next,
# so that a text that begins with the same letters is not taken for it.
_SIGNATURES = (
    (rb"\xff\xd8\xff", JPEG),  # ITU-T T.81, B.1.1.3: SOI and the next marker
    (rb"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", PNG),  # W3C PNG, 5.2 and 11.2.1
    (rb"GIF8[79]a", GIF),  # GIF89a specification, 17
    (rb"RIFF....WEBPVP8[ LX]", WEBP),  # RFC 9649, 2.4
    (rb"(?:RIFF|RF64)....WAVE", WAV),  # RIFF MCI 1.0; EBU Tech 3306
    (rb"(?:\xef\xbb\xbf)?\s{,8}%PDF-[12]\.", PDF),  # ISO 32000-2, 7.5.2
    (rb"fLaC[\0\x80]\0\0\x22", FLAC),  # RFC 9639, 6 and 8.2
    (rb"#!AMR(?:-WB)?\n", AMR),  # RFC 4867, 5.1
    (rb"ID3[\2-\4][\0-\x0f].[\0-\x7f]{4}", MP3),  # id3.org, ID3v2.4 3.1
    # RFC 3533, 6: a page; then the first packet names its codec (RFC 7845, 5.1; Vorbis I, 4.2;
    # RFC 9639, 10.1; Theora, 6.2).
    (rb"OggS\0.{21}.{1,2}(?:OpusHead|\x01vorbis|\x7fFLAC|Speex   )", OGG_AUDIO),
    (rb"OggS\0.{21}.{1,2}\x80theora", OGG_VIDEO),
    # RFC 8794, 11.2.4: the EBML header, and the document type in it.
    (rb"\x1a\x45\xdf\xa3.{,60}\x42\x82\x84webm", WEBM),
    (rb"\x1a\x45\xdf\xa3.{,60}\x42\x82\x88matroska", MATROSKA),
    # QuickTime File Format, before ftyp (2001): these are the first atoms of old cameras.
    (rb"\0\0..(?:moov\0|wide\0)", MOV),
)

# ISO/IEC 14496-12, 4.3: the brands of a file type box, as registered at mp4ra.org. The first known
# one counts, the major brand before the compatible ones.
_BRANDS = (
    (rb"hei[cxms]|hev[cxms]|mif1|msf1", HEIC),  # ISO/IEC 23008-12, annex B
    (rb"M4[AB] ", M4A),
    (rb"qt  ", MOV),
    (rb"3g[gpers2].", THREE_GP),  # 3GPP TS 26.244, 5.3
    (rb"iso[m1-9]|iso[a-c]|mp4[12]|avc1|M4V[ HP]|MSNV|XAVC|mmp4|dash", MP4),
)

# Bits of a second (MPEG-1) and lower (MPEG-2 and 2.5) rates of layer III, in kbit/s.
_MP3_RATES = (
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
_MP3_SAMPLES = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))

# What a browser, a player or a shell would take for more than words.
_MARKUP_START = re.compile(
    rb"<[!?/]?[a-z][a-z0-9:-]*[\s>/]|<!--|\{\\rtf|%!ps|#!|#ext|ffconcat", re.I
)
_MARKUP = re.compile(rb"<(?:!doctype|html|svg|script|iframe|\?xml|\?php)\b|<\?=", re.I)
# All control characters but tabulation, ends of lines and form feed.
_CONTROL = re.compile(rb"[\0-\x08\x0b\x0e-\x1f\x7f]")


def recognise(head: bytes, size: int) -> str:
    """The media type of a file.

    :param head: its first ``HEAD_BYTES`` bytes, or all of a shorter one.
    :param size: its length in bytes.
    :raises Invalid: ``evidence_empty``; ``evidence_kind``, a kind that the register does not take.
    """
    if not size:
        raise Invalid("evidence_empty")
    mime = (
        next((mime for pattern, mime in _SIGNATURES if re.match(pattern, head, re.DOTALL)), None)
        or _box_type(head)
        or _frame_type(head)
        or (TEXT if _is_text(head, is_whole=size <= len(head)) else None)
    )
    if mime is None:
        raise Invalid("evidence_kind")
    return mime


def _box_type(head: bytes) -> str | None:
    """The media type that the brands of a file type box stand for."""
    length = int.from_bytes(head[:4], "big")
    if head[4:8] != b"ftyp" or not 16 <= length <= len(head):
        return None
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, length, 4))]
    known = (mime for brand in brands for names, mime in _BRANDS if re.fullmatch(names, brand))
    return next(known, None)


def _frame_type(head: bytes) -> str | None:
    """MP3 or AAC without a header of its own: two frames, the second where the first one ends."""
    for frame_length, mime in ((_mp3_frame, MP3), (_aac_frame, AAC)):
        length = frame_length(head)
        if length and frame_length(head[length:]):
            return mime
    return None


def _mp3_frame(frame: bytes) -> int:
    """The length of an MPEG audio frame of layer III (ISO/IEC 11172-3, 2.4.1.3), or 0."""
    if len(frame) < 4 or frame[0] != 0xFF or frame[1] & 0xE6 != 0xE2:
        return 0
    version, rate, sampling = frame[1] >> 3 & 3, frame[2] >> 4, frame[2] >> 2 & 3
    if version == 1 or sampling == 3 or rate in (0, 15):
        return 0
    bits = _MP3_RATES[version == 3][rate] * 1000
    samples = 144 if version == 3 else 72
    return samples * bits // _MP3_SAMPLES[version][sampling] + (frame[2] >> 1 & 1)


def _aac_frame(frame: bytes) -> int:
    """The length of an ADTS frame (ISO/IEC 14496-3, 1.A.2.2), or 0."""
    if len(frame) < 7 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0:
        return 0
    length = (frame[3] & 3) << 11 | frame[4] << 3 | frame[5] >> 5
    return length if length > 7 else 0


def _is_text(head: bytes, *, is_whole: bool) -> bool:
    """Whether these bytes are words in UTF-8 or Windows-1252, and no markup or script."""
    if _CONTROL.search(head) or _MARKUP.search(head):
        return False
    if _MARKUP_START.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()):
        return False
    # A character of UTF-8 has four bytes at most: the head may end inside one.
    return _decodes(head, "cp1252") or any(
        _decodes(head[: len(head) - missing], "utf-8") for missing in range(1 if is_whole else 4)
    )


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
