"""Draws a stranger's picture anew, as a small JPEG: run as a program of its own by `core.pictures`.

It reads the picture on standard input and knows nothing of the portal: no settings, no database,
no environment. Its limits are set before the first byte is decoded. What it writes has the pixels
and nothing else of the file: no EXIF, no comment, nothing that was hidden behind the picture.
"""

import io
import resource
import sys

from PIL import Image, ImageOps

MOST_BYTES_OF_MEMORY = 512 * 1024 * 1024
MOST_SECONDS = 5
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 1_200


def main(file_format: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES_OF_MEMORY, MOST_BYTES_OF_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    content = io.BytesIO(sys.stdin.buffer.read())
    with Image.open(content, formats=[file_format]) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise SystemExit("the picture has too many pixels")
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    drawn = Image.new("RGB", upright.size, "white")
    drawn.paste(upright, mask=upright)
    written = io.BytesIO()
    drawn.save(written, "JPEG", quality=80)
    sys.stdout.buffer.write(written.getvalue())


if __name__ == "__main__":
    main(sys.argv[1])
