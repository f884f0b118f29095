"""Images, figures, histograms, tables and JSON as bytes. Libraries are recognised by what they offer; none is imported."""

from __future__ import annotations

import io
import json
import math
import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .value import json_value

# Of the server: what it shows of a table. A larger one is a file: ``log_artifact`` of CSV or Parquet.
TABLE_BYTES_MAX = 16 * 1024 * 1024
TABLE_ROWS_MAX = 200_000
TABLE_CELLS_MAX = 1_000_000
# Bins of a histogram: more cannot be told apart, and each is stored at every step.
HISTOGRAM_BINS_MAX = 512

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
    """A table as ``{"columns": [names], "rows": [[values]]}``; ValueError for one that is too large to be shown."""
    columns, rows = _table(table)
    cells = len(rows) * len(columns)
    if len(rows) > TABLE_ROWS_MAX or cells > TABLE_CELLS_MAX:
        most = f"at most {TABLE_ROWS_MAX} rows and {TABLE_CELLS_MAX} cells"
        raise ValueError(f"table: {most}, found {len(rows)} rows and {cells} cells; log a file of it instead")
    content = {"columns": [str(name) for name in columns], "rows": json_value(rows)}
    data = json.dumps(content, allow_nan=False, ensure_ascii=False).encode("utf-8")
    if len(data) > TABLE_BYTES_MAX:
        most = f"at most {TABLE_BYTES_MAX} bytes"
        raise ValueError(f"table: {most}, found {len(data)}; log a file of it instead")
    return data


def histogram_bytes(values: Any, bins: int = 64, counts: Any = None, edges: Any = None) -> bytes:
    """How values lie in bins of one width, or counts between edges, as the server keeps it:
    ``"TWH1" | u32 bins | f64 values that are not finite | edges | counts``, little-endian."""
    if (values is None) != (counts is not None and edges is not None) or (counts is None) != (edges is None):
        raise TypeError("histogram: expected values, or counts with edges")
    odd = 0
    if values is not None:
        if not isinstance(bins, int) or not 1 <= bins <= HISTOGRAM_BINS_MAX:
            raise ValueError(f"histogram: expected 1 to {HISTOGRAM_BINS_MAX} bins, found {bins!r}")
        edges, counts, odd = _binned(values, bins)
    else:
        edges, counts = list(_numbers(edges)), list(_numbers(counts))
        if not 1 <= len(counts) <= HISTOGRAM_BINS_MAX or len(edges) != len(counts) + 1:
            expected = f"1 to {HISTOGRAM_BINS_MAX} counts and one more edge"
            raise ValueError(f"histogram: expected {expected}, found {len(counts)} and {len(edges)}")
        if not all(map(math.isfinite, edges)) or any(a >= b for a, b in zip(edges, edges[1:])):
            raise ValueError("histogram: expected edges that rise")
        if not all(math.isfinite(count) and count >= 0 for count in counts):
            raise ValueError("histogram: expected counts from 0")
    size = len(counts)
    return struct.pack(f"<4sId{2 * size + 1}d", b"TWH1", size, odd, *edges, *counts)


def _binned(values: Any, bins: int) -> tuple[list[float], list[float], int]:
    """Edges and counts, and how many values are NaN or infinite."""
    if hasattr(values, "detach"):
        # numpy knows no bfloat16.
        values = values.detach().cpu().double().numpy()
    elif hasattr(values, "__array__"):
        # Those of JAX and TensorFlow cannot be sorted in place.
        values = values.__array__()
        if values.dtype.name == "bfloat16":
            values = values.astype("f4")
    if hasattr(values, "dtype") and hasattr(values, "ravel"):
        if values.dtype.kind not in "biuf":
            raise TypeError(f"histogram: expected numbers, found {values.dtype}")
        flat = values.ravel().astype("f8")
        finite = flat[abs(flat) < math.inf]
        finite.sort()
        edges = _edges(finite[[0, -1]].tolist() if len(finite) else [], bins)
        places = finite.searchsorted(edges[:-1]).tolist()
    else:
        flat = list(_numbers(values))
        finite = sorted(filter(math.isfinite, flat))
        edges = _edges([finite[0], finite[-1]] if finite else [], bins)
        places = [bisect_left(finite, edge) for edge in edges[:-1]]
    ends = [*places[1:], len(finite)]
    return edges, [float(end - start) for start, end in zip(places, ends)], len(flat) - len(finite)


def _edges(span: list[float], bins: int) -> list[float]:
    """Around the smallest and the largest value; each edge once, however close those are."""
    if not span:
        return [0.0, 1.0]
    low, high = span
    if low == high:
        room = max(0.5, abs(low) * 1e-6)
        low, high = max(low - room, -1.7e308), min(high + room, 1.7e308)
    inner = (low * (1 - at / bins) + high * (at / bins) for at in range(1, bins))
    return sorted({low, high, *(edge for edge in inner if low < edge < high)})


def _numbers(values: Any) -> Iterator[float]:
    """All numbers of a list, or of lists in it."""
    if hasattr(values, "tolist"):
        values = values.tolist()
    if isinstance(values, (int, float)):
        yield float(values)
    elif isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping)):
        for one in values:
            yield from _numbers(one)
    else:
        raise TypeError(f"histogram: expected numbers, found {type(values).__name__}")


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
