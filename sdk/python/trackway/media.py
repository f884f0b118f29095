"""Images, figures, tables and JSON as bytes. Libraries are recognised by what they offer; none is imported."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from .value import json_value

_PNG = b"\x89PNG\r\n\x1a\n"
#: Channels → colour type of PNG.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def json_bytes(content: Any) -> bytes:
    """Readable JSON."""
    text = json.dumps(json_value(content), allow_nan=False, ensure_ascii=False, indent=2)
    return text.encode("utf-8")


def png_bytes(image: Any) -> bytes:
    """An image as PNG; raises TypeError or ValueError for what is none."""
    if hasattr(image, "savefig"):
        return figure_bytes(image, "image.png")
    if hasattr(image, "save") and hasattr(image, "mode"):
        buffer = io.BytesIO()
        # PNG has no CMYK and no float pixels.
        plain = image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else image.convert("RGB")
        plain.save(buffer, format="PNG")
        return buffer.getvalue()
    if hasattr(image, "detach"):
        image = image.detach().cpu().numpy()
    if hasattr(image, "shape") and hasattr(image, "dtype"):
        return _png_of_array(image)
    kind = type(image).__name__
    raise TypeError(f"image: expected a PIL image, an array, a matplotlib figure or a path, found {kind}")


def _png_of_array(array: Any) -> bytes:
    shape = tuple(array.shape)
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3 or shape[2] not in _COLOUR_TYPES or 0 in shape:
        message = "expected height × width, or height × width × 1 to 4 channels"
        raise ValueError(f"image: {message}, found {' × '.join(map(str, array.shape))}")
    kind = array.dtype.kind
    if kind == "b":
        pixels = array.astype("u1") * 255
    elif kind == "f":
        # NaN becomes black; rounding as people expect it of 0.5.
        bounded = (array.astype("f8") * 255).clip(0, 255)
        pixels = bounded + 0.5 - (bounded == 255) * 0.5
        pixels[pixels != pixels] = 0
        pixels = pixels.astype("u1")
    elif kind in "iu":
        if array.min() < 0 or array.max() > 255:
            raise ValueError("image: expected integers from 0 to 255")
        pixels = array.astype("u1")
    else:
        raise ValueError(f"image: expected uint8, bool or floats from 0 to 1, found {array.dtype}")
    height, width, channels = shape
    data = pixels.tobytes()
    stride = width * channels
    # Each line says how it is filtered: not at all.
    lines = b"".join(b"\0" + data[at : at + stride] for at in range(0, height * stride, stride))
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    return _PNG + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines, 6)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def figure_bytes(figure: Any, path: str) -> bytes:
    """A figure of matplotlib or plotly in the format that the path ends in."""
    ending = path.rpartition(".")[2].lower() if "." in path else "png"
    if hasattr(figure, "savefig"):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=ending)
        return buffer.getvalue()
    if hasattr(figure, "to_html") and hasattr(figure, "to_json"):
        text = figure.to_json() if ending == "json" else figure.to_html(include_plotlyjs="cdn")
        return str(text).encode("utf-8")
    raise TypeError(f"figure: expected one of matplotlib or plotly, found {type(figure).__name__}")


def table_bytes(table: Any) -> bytes:
    """A table as ``{"columns": [names], "rows": [[values]]}``."""
    columns, rows = _table(table)
    content = {"columns": [str(name) for name in columns], "rows": json_value(rows)}
    return json.dumps(content, allow_nan=False, ensure_ascii=False).encode("utf-8")


def _table(table: Any) -> tuple[list[Any], list[list[Any]]]:
    if hasattr(table, "to_dict") and hasattr(table, "columns"):
        # pandas and polars alike.
        names = list(table.columns)
        columns = [
            table[name].to_list() if hasattr(table[name], "to_list") else list(table[name]) for name in names
        ]
        return names, [list(row) for row in zip(*columns)]
    if isinstance(table, Mapping):
        names = list(table)
        columns = [list(table[name]) for name in names]
        if len({len(column) for column in columns}) > 1:
            raise ValueError("table: expected columns of one length")
        return names, [list(row) for row in zip(*columns)]
    if isinstance(table, Iterable) and not isinstance(table, (str, bytes)):
        dicts = list(table)
        if all(isinstance(row, Mapping) for row in dicts):
            names = list(dict.fromkeys(name for row in dicts for name in row))
            return names, [[row.get(name) for name in names] for row in dicts]
    kind = type(table).__name__
    raise TypeError(f"table: expected a list of dicts, a dict of columns or a DataFrame, found {kind}")
