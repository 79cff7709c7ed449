"""Files of pictures."""

import io

from PIL import Image


def picture(file_format="JPEG", size=(40, 20), mode="RGB", **options):
    stream = io.BytesIO()
    Image.new(mode, size, "red").save(stream, file_format, **options)
    return stream.getvalue()
