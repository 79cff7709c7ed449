"""How files begin, whatever their names say."""

OLE = bytes.fromhex("d0cf11e0a1b11ae1")  # MS-CFB 2.2
ZIP = b"PK\x03\x04"  # APPNOTE 4.3.7
PROGRAMS = (b"MZ", b"\x7fELF")
# Types that are often given another type's name.
_SIGNATURES = {
    b"%pdf-": "PDF",
    b"\xff\xd8\xff": "JPG",
    b"\x89png\r\n\x1a\n": "PNG",
    b"gif8": "GIF",
    b"ii*\0": "TIFF",
    b"mm\0*": "TIFF",
    b"{\\rtf": "RTF",
    b"<!doctype html": "HTML",
    b"<html": "HTML",
}
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"mif1": "HEIC", b"qt  ": "MOV"}


def type_by_start(start: bytes) -> str:
    """Return the type that a file of this start (20 bytes) has, in capitals; "" if it is not known.

    ZIP and compound files can be of several types: those are not told here.
    """
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp":
        brand = start[8:12]
        return _BRANDS.get(brand, "HEIC" if brand[:3] in {b"hei", b"hev"} else "")
    lowered = start.lower()
    return next((found for begin, found in _SIGNATURES.items() if lowered.startswith(begin)), "")
