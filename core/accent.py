"""A call's own colour, made readable on the light and the dark page.

Contrast is WCAG 2.2's (1.4.3, "relative luminance"): 4.5 to 1 for text.
"""

import colorsys

LIGHT_GROUND = "#f6f2e9"  # the darkest of the light grounds in static/css/portal.css
DARK_GROUND = "#24292c"  # the lightest of its dark grounds
READABLE = 4.5
READABLE_ON_DARK = 6.0  # a colour at 4.5 looks dull on a dark ground
LIGHT_TEXT = "#ffffff"
DARK_TEXT = "#12171a"
_STEPS = 50


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio, 1 to 21, of two colours written `#rrggbb`."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def on_colour(colour: str) -> str:
    """Return the colour of text on `colour`: light or dark, whichever is easier to read."""
    return max((LIGHT_TEXT, DARK_TEXT), key=lambda text: contrast(text, colour))


def readable_on(colour: str, ground: str, at_least: float = READABLE) -> str:
    """Return `colour`, darkened or lightened in its own hue until it can be read on `ground`."""
    hue, start, saturation = colorsys.rgb_to_hls(*(c / 255 for c in _channels(colour)))
    end = 0.0 if _luminance(ground) > 0.5 else 1.0
    tried = colour
    for step in range(_STEPS + 1):
        lightness = start + (end - start) * step / _STEPS
        tried = _as_hex(colorsys.hls_to_rgb(hue, lightness, saturation))
        if contrast(tried, ground) >= at_least and contrast(tried, on_colour(tried)) >= READABLE:
            break
    return tried


def accent_rules(colour: str) -> str:
    """Return CSS that sets `--accent` and `--on-accent`; `colour` is written `#rrggbb`."""
    on_light = readable_on(colour, LIGHT_GROUND)
    on_dark = readable_on(colour, DARK_GROUND, READABLE_ON_DARK)
    return (
        f":root{{--accent:{on_light};--on-accent:{on_colour(on_light)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{on_dark};"
        f"--on-accent:{on_colour(on_dark)}}}}}\n"
    )


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _as_hex(shares: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(share * 255):02x}" for share in shares)
