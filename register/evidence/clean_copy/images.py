"""Clean copies of pictures: decoded, turned upright, and encoded anew without metadata."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from PIL import Image, ImageCms

from register.errors import CopyError
from register.evidence.clean_copy.edits import Edits, Mask, MaskStyle, PageArea
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.clean_copy.protocol import MadePage
from register.evidence.file_kinds import HEIC

# One decoder a type: a file that is two things at once is read as what it was recognised for.
_DECODERS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
}
_ANIMATED = frozenset({"GIF", "WEBP", "PNG"})
_ORIENTATION_TAG = 0x0112  # Exif 2.32, 4.6.4
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
JPEG_QUALITY = 85
# A drawing, a screenshot or a page of words, which PNG keeps sharp at about the same size; a
# photograph in black and white has few colours too, and is many times larger.
_FEW_COLOURS = 256
_LOSSLESS_COST = 2
# A blurred area keeps at most so many mean colours each way, each of so many pixels at least:
# neither a face nor a word can be told from sixteen of them (record 57).
BLUR_CELLS = 4
_BLUR_CELL_PIXELS = 16


def open_picture(source: BinaryIO, mime: str, limits: CopyLimits) -> Image.Image:
    """The picture, not yet decoded.

    :raises CopyError: ``copy_pixels``, by its header it has too many.
    """
    if mime == HEIC:
        # A large library, which the copies of other pictures do without.
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    # Pillow refuses twice this number, and only warns before.
    Image.MAX_IMAGE_PIXELS = limits.pixels // 2
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    try:
        picture = Image.open(source, formats=[_DECODERS[mime]])
    except Image.DecompressionBombError as error:
        raise CopyError("copy_pixels", limit=limits.pixels // 1_000_000) from error
    return picture


def copy_picture(
    source: BinaryIO, mime: str, edits: Edits, limits: CopyLimits
) -> Iterator[MadePage]:
    """The one page of a picture."""
    if 0 in edits.dropped_pages:
        raise CopyError("copy_nothing_left")
    picture = open_picture(source, mime, limits)
    orientation = _orientation(picture)
    is_animated = picture.format in _ANIMATED and getattr(picture, "is_animated", False)
    picture.draft(picture.mode, (limits.image_side, limits.image_side))
    upright = _flat(_bounded(picture, limits.image_side))
    if orientation in _UPRIGHT:
        upright = upright.transpose(_UPRIGHT[orientation])
    yield encode_page(upright, 0, edits, notes=("first_frame",) if is_animated else ())


def encode_page(
    picture: Image.Image, index: int, edits: Edits, notes: tuple[str, ...] = ()
) -> MadePage:
    """A page from an upright RGB picture: masked, cropped, encoded."""
    for mask in edits.masks_of(index):
        _hide(picture, mask)
    crop = edits.crop_of(index) or PageArea(0, 0, 1, 1)
    left, top, right, bottom = crop.pixels(*picture.size)
    # A new picture: what Pillow knows of the source (comment, profile, resolution) is not in it.
    page = Image.new("RGB", (right - left, bottom - top))
    page.paste(picture.crop((left, top, right, bottom)))
    mime, content = "image/jpeg", BytesIO()
    page.save(content, "JPEG", quality=JPEG_QUALITY, optimize=True)
    if page.getcolors(_FEW_COLOURS) is not None:
        lossless = BytesIO()
        page.save(lossless, "PNG")
        if lossless.tell() < _LOSSLESS_COST * content.tell():
            mime, content = "image/png", lossless
    return MadePage(index, mime, content, page.width, page.height, notes=notes)


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:
        # Whatever a damaged block makes its reader raise: the picture itself may be whole.
        return 1


def _bounded(picture: Image.Image, side: int) -> Image.Image:
    """The decoded picture, at most ``side`` pixels wide and high."""
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    longest = max(picture.size)
    if longest <= side:
        picture.load()
        return picture
    width, height = (max(1, round(length * side / longest)) for length in picture.size)
    # Pillow reduces by whole numbers first: fast, and small in memory.
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)


def _flat(picture: Image.Image) -> Image.Image:
    """The picture in sRGB, on white where it is transparent."""
    profile = picture.info.get("icc_profile")
    if picture.mode[0] in "IF":
        # Grey of 16 bits (PNG): Pillow's own conversion cuts off all above 255.
        picture = picture.convert("I").point(lambda grey: grey / 256).convert("L")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGB", layer.size, "white")
        picture.paste(layer, mask=layer.getchannel("A"))
    return _in_srgb(picture, profile).convert("RGB")


def _in_srgb(picture: Image.Image, profile: object) -> Image.Image:
    if not isinstance(profile, bytes) or picture.mode not in ("RGB", "L", "CMYK"):
        return picture
    try:
        converted = ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return converted or picture


def _hide(picture: Image.Image, mask: Mask) -> None:
    """Black, or a handful of mean colours, in place of an area."""
    box = mask.area.pixels(*picture.size)
    size = (box[2] - box[0], box[3] - box[1])
    if mask.style is MaskStyle.BLACK:
        picture.paste("black", box)
        return
    cells = picture.crop(box).resize(blur_cells(*size), Image.Resampling.BOX)
    picture.paste(cells.resize(size, Image.Resampling.BICUBIC), box)


def blur_cells(width: int, height: int) -> tuple[int, int]:
    """How many mean colours a blurred area of this size keeps each way."""
    return (
        max(1, min(BLUR_CELLS, width // _BLUR_CELL_PIXELS)),
        max(1, min(BLUR_CELLS, height // _BLUR_CELL_PIXELS)),
    )
