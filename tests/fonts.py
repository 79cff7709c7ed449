"""The fonts of the browser tests, so that a page is as wide here as on every other machine.

fontconfig reads them from a folder and knows no others; Chromium asks it on Linux only.
"""

import os
from pathlib import Path

import manimgx_fonts
from fontTools.ttLib import TTFont

NOTO = Path(manimgx_fonts.__file__).parent
FONTCONFIG = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern">
    <edit name="family" mode="append_last" binding="strong"><string>Noto Sans</string></edit>
  </match>
</fontconfig>
"""


def noto(folder):
    """Noto Sans and its scripts; gives the environment of a browser."""
    return _fontconfig(folder, NOTO)


def wide_and_low(folder):
    """Noto Sans, an eighth wider than it is and with lines as low as any common font has them."""
    fonts = folder / "fonts"
    fonts.mkdir()
    font = TTFont(NOTO / "NotoSans[wght].ttf", recalcBBoxes=False)
    font["head"].unitsPerEm = 890  # of 1,000
    rise, fall = 770, 210  # 1.1 em from the top of a line to its bottom
    font["hhea"].ascent, font["hhea"].descent = rise, -fall
    font["OS/2"].sTypoAscender, font["OS/2"].sTypoDescender = rise, -fall
    font["OS/2"].usWinAscent, font["OS/2"].usWinDescent = rise, fall
    font.save(fonts / "wide.ttf", reorderTables=None)
    return _fontconfig(folder, fonts)


def _fontconfig(folder, fonts):
    path = folder / "fonts.conf"
    path.write_text(FONTCONFIG.format(fonts=fonts, cache=folder / "cache"))
    return os.environ | {"FONTCONFIG_FILE": str(path)}
