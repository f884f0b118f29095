"""Images, figures, histograms, tables, datasets and JSON, as they are stored."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from server import Server

import trackway
from trackway import Run, media

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def run(server: Server):
    with trackway.init(experiment="media") as run:
        yield run


def pixels(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 1), (3, 5, 2), (3, 5, 3), (3, 5, 4), (1, 1), (200, 300, 3)])
def test_an_array_is_the_same_picture_as_png(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(
        pixels(media.png_bytes(image)), image.reshape(shape[:2]) if shape[2:] == (1,) else image
    )


def test_floats_bools_and_ints_are_pixels_too() -> None:
    floats = np.array([[0.0, 0.5, 1.0, -3.0, 7.0, np.nan]])
    assert pixels(media.png_bytes(floats)).tolist() == [[0, 128, 255, 0, 255, 0]]
    assert pixels(media.png_bytes(np.array([[True, False]]))).tolist() == [[255, 0]]
    assert pixels(media.png_bytes(np.array([[0, 255]]))).tolist() == [[0, 255]]
    sliced = np.arange(100, dtype=np.uint8).reshape(10, 10)[::2, ::-3]
    assert np.array_equal(pixels(media.png_bytes(sliced)), sliced)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((2, 2, 5)),
        np.zeros(4),
        np.zeros((0, 3)),
        np.array([[256]]),
        np.array([["a"]]),
        "x" and 3,
        None,
    ],
)
def test_what_is_no_image_is_refused(bad: object) -> None:
    with pytest.raises((TypeError, ValueError), match="image"):
        media.png_bytes(bad)


def test_images_lie_by_key_and_step(run: Run, server: Server, tmp_path: Path) -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    run.log_metrics({"loss": 1.0}, step=7)
    run.log_image("samples/a", image)
    run.log_image("samples/a", Image.fromarray(image).convert("CMYK"), step=8)
    photo = tmp_path / "photo.JPG"
    Image.fromarray(image).save(photo, format="JPEG")
    run.log_image("photo", photo, step=1)
    assert run.flush()
    assert server.artifact_paths(run.id) == [
        "media/photo/1.jpg",
        "media/samples/a/7.png",
        "media/samples/a/8.png",
    ]
    assert server.artifact(run.id, "media/photo/1.jpg") == photo.read_bytes()


def test_a_figure_is_stored_in_the_format_of_its_name(run: Run, server: Server) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure()
    figure.add_subplot().plot([1, 2])
    run.log_figure(figure, "plots/a.svg")
    run.log_image("plots/b", figure, step=0)
    assert run.flush()
    assert b"<svg" in server.artifact(run.id, "plots/a.svg")
    assert server.artifact(run.id, "media/plots/b/0.png").startswith(b"\x89PNG")
    with pytest.raises(TypeError, match="figure"):
        run.log_figure("no figure", "a.png")


def test_tables_of_all_sorts_are_one_form(run: Run, server: Server) -> None:
    rows = [{"a": 1, "b": "x"}, {"a": float("nan"), "c": None}]
    expected = {"columns": ["a", "b", "c"], "rows": [[1, "x", None], ["NaN", None, None]]}
    run.log_table("eval", rows, step=0)
    run.log_table("eval", {"a": np.array([1, 2]), "b": ["x", "y"]}, step=1)
    assert run.flush()
    assert json.loads(server.artifact(run.id, "table/eval/0.json")) == expected
    assert json.loads(server.artifact(run.id, "table/eval/1.json")) == {
        "columns": ["a", "b"],
        "rows": [[1, "x"], [2, "y"]],
    }
    for bad in ("text", 3, {"a": [1], "b": [1, 2]}, [1]):
        with pytest.raises((TypeError, ValueError), match="table"):
            run.log_table("eval", bad)


def test_a_table_that_nobody_could_look_at_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 200000 rows .* found 1000000 rows"):
        media.table_bytes({"a": range(1_000_000)})
    with pytest.raises(ValueError, match="1000000 cells, found 2 rows and 1000002"):
        media.table_bytes({f"c{index}": [0, 1] for index in range(500_001)})
    with pytest.raises(ValueError, match="at most 16777216 bytes"):
        media.table_bytes([{"text": "x" * 20_000_000}])


def bins(data: bytes) -> tuple[list[float], list[float], float]:
    """Edges, counts, and how many values were not finite."""
    magic, size, odd = struct.unpack_from("<4sId", data)
    assert magic == b"TWH1"
    numbers = struct.unpack_from(f"<{2 * size + 1}d", data, 16)
    assert len(data) == 16 + 8 * len(numbers)
    return list(numbers[: size + 1]), list(numbers[size + 1 :]), odd


def test_an_array_and_a_list_are_counted_alike_and_as_numpy_counts() -> None:
    values = np.random.default_rng(3).normal(size=(40, 50))
    expected, edges = np.histogram(values, 20)
    of_array, of_list = media.histogram_bytes(values, 20), media.histogram_bytes(values.tolist(), 20)
    assert of_array == of_list
    found = bins(of_array)
    assert found[1] == expected.tolist() and np.allclose(found[0], edges) and found[2] == 0
    assert bins(media.histogram_bytes(np.array([1, 2, 2], np.int8), 2)) == ([1, 1.5, 2], [1, 2], 0)


def test_odd_values_are_counted_apart() -> None:
    odd = [float("nan"), float("inf"), -float("inf"), 1.0]
    for values in (odd, np.array(odd, np.float32)):
        assert bins(media.histogram_bytes(values, 4))[1:] == ([0, 0, 1, 0], 3)
    assert bins(media.histogram_bytes([float("nan")])) == ([0, 1], [0], 1)
    assert bins(media.histogram_bytes(np.zeros(0))) == ([0, 1], [0], 0)
    for extreme in ([-1.7e308, 1.7e308], [5e-324, 1e-323], [1e308, 1e308], [1.0, 1.0 + 2**-52]):
        edges, counts, _ = bins(media.histogram_bytes(extreme))
        assert sum(counts) == 2 and all(a < b for a, b in zip(edges, edges[1:])), extreme


def test_counts_that_were_made_elsewhere_are_taken_as_they_are() -> None:
    counts, edges = np.histogram([1, 2, 2, 9], [0, 2, 10])
    assert bins(media.histogram_bytes(None, counts=counts, edges=edges)) == ([0, 2, 10], [1, 3], 0)
    for wrong in (
        {"values": None},
        {"values": [1], "counts": [1], "edges": [0, 1]},
        {"values": None, "counts": [1]},
        {"values": None, "counts": [1], "edges": [0]},
        {"values": None, "counts": [1], "edges": [1, 1]},
        {"values": None, "counts": [-1], "edges": [0, 1]},
        {"values": None, "counts": [], "edges": [0]},
        {"values": [1], "bins": 0},
        {"values": [1], "bins": 513},
        {"values": "text"},
        {"values": ["1"]},
        {"values": np.array(["a"])},
        {"values": {"a": 1}},
    ):
        with pytest.raises((TypeError, ValueError), match="histogram"):
            media.histogram_bytes(**wrong)  # type: ignore[arg-type]


def test_histograms_are_a_series_of_byte_strings_and_no_step_of_the_run(run: Run, server: Server) -> None:
    run.log_metrics({"loss": 1.0}, step=7)
    run.log_histogram("layers/1", [1, 2, 3])
    run.log_histogram("layers/1", [1, 2, 4], step=9)
    run.log_metrics({"loss": 0.5})
    assert run.flush()
    found = {one["key"]: one for one in server.run(run.id)["metrics"]}
    about = found["histogram/layers/1"]
    assert (about["kind"], about["count"], about["first_step"], about["last_step"]) == ("bytes", 2, 7, 9)
    assert found["loss"]["last_step"] == 8


def test_a_dataframe_is_a_table_and_a_dataset(run: Run, server: Server) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1, 2, 3], "y": ["a", "b", None]})
    run.log_table("frame", frame, step=0)
    about = run.log_dataset("train", df=frame, version="2.1")
    assert run.flush()
    stored = json.loads(server.artifact(run.id, "table/frame/0.json"))
    assert stored["columns"] == ["x", "y"] and len(stored["rows"]) == 3
    assert (about["rows"], about["version"], about["schema"]["x"]) == (3, "2.1", "int64")
    assert about["digest"] == trackway.Run.log_dataset(run, "train", df=frame)["digest"]


def test_a_dataset_is_known_again_by_its_content(run: Run, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    file.write_text("a,b\n1,2\n")
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "1.png").write_bytes(b"png")
    one = run.log_dataset("train", file, "what it is", tags=["raw"])
    assert (one["size_bytes"], one["source_type"], one["tags"]) == (8, "local", {"raw": ""})
    assert one["digest"] == run.log_dataset("again", str(file))["digest"]
    whole = run.log_dataset("images", folder)["digest"]
    (folder / "sub" / "1.png").rename(folder / "1.png")
    assert run.log_dataset("images", folder)["digest"] != whole
    remote = run.log_dataset("lake", "s3://user:secret@bucket/key?token=abc", digest="sha256:x")
    assert remote["path"] == "s3://***@bucket/key?token=***" and remote["source_type"] == "s3"
    assert "digest" not in run.log_dataset("gone", tmp_path / "missing.csv")
    assert run.flush()
    assert json.loads(server.artifact(run.id, "dataset/train.json")) == one


def test_a_dict_is_stored_as_readable_json(run: Run, server: Server) -> None:
    run.log_dict(
        {"lr": np.float32(0.5), 3: [np.int64(1), {"x": float("inf")}], "p": Path("a")}, "config.json"
    )
    assert run.flush()
    stored = server.artifact(run.id, "config.json")
    assert json.loads(stored) == {"lr": 0.5, "3": [1, {"x": "Infinity"}], "p": "a"}
    assert b"\n" in stored
