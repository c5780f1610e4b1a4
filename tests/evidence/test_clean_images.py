"""Copies of pictures: upright, bounded, masked for good, and without any metadata."""

from __future__ import annotations

import struct
from io import BytesIO

import pillow_heif
import pytest
from evidence_samples import MARKER, copied, decoded, mime_of, photograph, saved
from PIL import Image, ImageChops, ImageCms, PngImagePlugin, UnidentifiedImageError

from register.errors import CopyError
from register.evidence.clean_copy import images
from register.evidence.clean_copy.edits import Crop, Edits, Mask, MaskStyle, PageArea
from register.evidence.clean_copy.limits import CopyLimits

LIMITS = CopyLimits()


def copy_of(content: bytes, edits: Edits | None = None, limits: CopyLimits = LIMITS):
    """The one page, and its picture; made in this process."""
    mime = mime_of(content)
    (page,) = images.copy_picture(BytesIO(content), mime, edits or Edits(), limits)
    return page, decoded(page.content.getvalue())


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010E] = MARKER
    tags.get_ifd(0x8825)[1] = "N"
    tags.get_ifd(0x8825)[2] = (48.0, 52.0, 57.0)
    return tags


def test_a_photograph_becomes_a_jpeg_without_any_metadata() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = saved(
        photograph(),
        "JPEG",
        exif=exif(1),
        comment=MARKER.encode(),
        icc_profile=profile,
        xmp=f"<x:xmpmeta>{MARKER}</x:xmpmeta>".encode(),
        dpi=(71, 71),
    )
    assert content.count(MARKER.encode()) == 3
    ((page, copy),) = copied(content)
    assert (page.mime, page.width, page.height, page.notes) == ("image/jpeg", 320, 200, ())
    assert MARKER.encode() not in copy
    assert segments(copy) <= {0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDA}
    assert sorted(decoded(copy).info) == ["jfif", "jfif_density", "jfif_unit", "jfif_version"]


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_what_is_known_of_the_source_is_not_in_the_copy(image_format: str) -> None:
    """Pillow writes a comment, a resolution or a transparent colour that it read before."""
    picture = photograph(64, 64).quantize(8) if image_format != "JPEG" else photograph()
    words = {"comment": MARKER.encode(), "dpi": (71, 71), "exif": exif(1)}
    page, copy = copy_of(saved(picture, image_format, **words))
    assert MARKER.encode() not in page.content.getvalue()
    assert set(copy.info) <= {"jfif", "jfif_density", "jfif_unit", "jfif_version"}
    assert copy.info.get("jfif_density", (1, 1)) == (1, 1)


def segments(content: bytes) -> set[int]:
    """The markers of a JPEG up to its data (ITU-T T.81, B.1)."""
    position, markers = 2, set()
    while content[position + 1] != 0xDA:
        markers.add(content[position + 1])
        position += 2 + struct.unpack(">H", content[position + 2 : position + 4])[0]
    return markers | {0xDA}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(orientation: int) -> None:
    stored = photograph()
    if orientation in images._UPRIGHT:
        # The inverse of each turn is itself, but for the two quarter turns.
        turns = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
        stored = stored.transpose(turns.get(orientation, images._UPRIGHT[orientation]))
    content = saved(stored, "JPEG", exif=exif(orientation), quality=95)
    page, picture = copy_of(content)
    assert (page.width, page.height) == (320, 200)
    red, green, _ = picture.getpixel((60, 40))
    assert (red > 200, green < 60) == (True, True)


def test_a_damaged_orientation_leaves_the_picture_as_it_is() -> None:
    content = saved(photograph(), "PNG")
    chunk = b"eXIf" + b"II*\0\xff\xff\xff\xff"
    length = struct.pack(">I", len(chunk) - 4)
    from zlib import crc32

    damaged = content[:33] + length + chunk + struct.pack(">I", crc32(chunk)) + content[33:]
    assert copy_of(damaged)[1].size == (320, 200)


def test_a_large_picture_is_reduced() -> None:
    limits = CopyLimits(image_side=160)
    for content in (saved(photograph(), "JPEG"), saved(photograph().quantize(200), "PNG")):
        assert copy_of(content, limits=limits)[1].size == (160, 100)
    assert LIMITS.image_side == 2560


def test_too_many_pixels_are_refused_by_the_header() -> None:
    limits = CopyLimits(pixels=50_000)
    assert copy_of(saved(photograph(250, 200), "PNG"), limits=limits)
    for image_format in ("PNG", "JPEG", "GIF", "WEBP"):
        with pytest.raises(CopyError, match="copy_pixels"):
            copy_of(saved(photograph(251, 200), image_format), limits=limits)


def test_a_drawing_becomes_a_png_and_transparency_white() -> None:
    drawing = Image.new("RGBA", (100, 50), (0, 0, 0, 0))
    drawing.paste((0, 90, 0, 255), (10, 10, 30, 30))
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", MARKER)
    text.add_itxt("Comment", MARKER, zip=True)
    page, picture = copy_of(saved(drawing, "PNG", pnginfo=text, dpi=(71, 71)))
    assert page.mime == "image/png"
    assert picture.mode == "RGB"
    assert picture.info == {}
    assert picture.getpixel((0, 0)) == (255, 255, 255)
    assert picture.getpixel((20, 20)) == (0, 90, 0)


@pytest.mark.parametrize(
    ("mode", "image_format"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG")],
)
def test_pictures_of_each_mode_are_copied(mode: str, image_format: str) -> None:
    picture = copy_of(saved(Image.new("RGB", (40, 40), "white").convert(mode), image_format))[1]
    assert min(picture.getpixel((20, 20))) >= 250


def test_grey_of_sixteen_bits_is_scaled() -> None:
    grey = Image.new("I;16", (40, 40), 0x8000)
    assert copy_of(saved(grey, "PNG"))[1].getpixel((20, 20)) == (128, 128, 128)


def test_a_palette_with_a_transparent_colour_becomes_white() -> None:
    palette = Image.new("P", (40, 40), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    content = saved(palette, "PNG", transparency=1)
    assert copy_of(content)[1].getpixel((20, 20)) == (255, 255, 255)


def test_colours_of_another_space_are_converted() -> None:
    srgb = ImageCms.createProfile("sRGB")
    content = ImageCms.ImageCmsProfile(srgb).tobytes()
    # The primaries of red and blue change places.
    swapped = content.replace(b"rXYZ", b"tmp_").replace(b"bXYZ", b"rXYZ").replace(b"tmp_", b"bXYZ")
    picture = Image.new("RGB", (40, 40), "red")
    assert copy_of(saved(picture, "PNG", icc_profile=content))[1].getpixel((9, 9))[0] > 250
    turned = copy_of(saved(picture, "PNG", icc_profile=swapped))[1].getpixel((9, 9))
    assert turned[0] < 80
    assert turned[2] > 200


def test_a_damaged_profile_is_ignored() -> None:
    content = saved(photograph(), "JPEG", icc_profile=b"no profile" * 20)
    assert copy_of(content)[1].size == (320, 200)


def test_an_animation_is_its_first_picture_and_the_page_says_so() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    for image_format in ("GIF", "WEBP", "PNG"):
        content = saved(frames[0], image_format, save_all=True, append_images=frames[1:])
        page, picture = copy_of(content)
        assert page.notes == ("first_frame",)
        assert picture.getpixel((15, 15))[0] > 200


def test_a_heic_of_a_phone_is_copied() -> None:
    pillow_heif.register_heif_opener()
    content = saved(photograph(), "HEIF", exif=exif(1), quality=90)
    assert mime_of(content) == "image/heic"
    page, picture = copy_of(content)
    assert (picture.size, page.mime) == ((320, 200), "image/jpeg")
    assert MARKER.encode() not in page.content.getvalue()


def test_a_black_area_is_black_and_the_crop_comes_after() -> None:
    area = PageArea(0, 0, 0.5, 0.5)
    edits = Edits(
        masks=(Mask(area, MaskStyle.BLACK), Mask(area, MaskStyle.BLACK, page=1)),
        crops=(Crop(PageArea(0.25, 0.25, 1, 1)),),
    )
    page, picture = copy_of(saved(photograph(), "PNG"), edits)
    assert (page.width, page.height) == picture.size == (240, 150)
    assert max(picture.getpixel((40, 20))) < 8
    assert max(picture.getpixel((120, 20))) > 60


def test_pictures_that_differ_in_a_blurred_area_only_have_the_same_copy() -> None:
    """At most sixteen mean colours remain of it: here they are equal."""
    # Cells of 40 by 24 pixels.
    area, box = PageArea(0.25, 0.25, 0.75, 0.73), (80, 50, 240, 146)
    copies_made, whole = [], photograph()
    for orientation in (0, 1):
        picture = whole.copy()
        stripes = Image.new("RGB", (160, 96), "white")
        for i in range(0, 160 - orientation * 64, 2):
            line = (i, 0, i + 1, 96) if not orientation else (0, i, 160, i + 1)
            stripes.paste("black", line)
        picture.paste(stripes, box[:2])
        copies_made.append(copy_of(saved(picture, "PNG"), Edits(masks=(Mask(area),)))[1])
    assert ImageChops.difference(*copies_made).getextrema() <= ((0, 2),) * 3
    blurred = copies_made[0].crop(box)
    assert all(abs(level - 127) < 20 for level in blurred.getpixel((80, 50)))


@pytest.mark.parametrize(
    ("size", "cells"), [((8, 8), (1, 1)), ((32, 15), (2, 1)), ((900, 64), (4, 4))]
)
def test_a_cell_of_a_blur_has_sixteen_pixels_each_way(size, cells) -> None:
    assert images.blur_cells(*size) == cells


def test_a_picture_is_read_as_what_it_was_recognised_for_only() -> None:
    content = saved(photograph(64, 64), "JPEG")
    with pytest.raises(UnidentifiedImageError):
        images.open_picture(BytesIO(content), "image/png", LIMITS)


def test_a_dropped_picture_leaves_nothing() -> None:
    with pytest.raises(CopyError, match="copy_nothing_left"):
        copy_of(saved(photograph(), "PNG"), Edits(dropped_pages=(0,)))
