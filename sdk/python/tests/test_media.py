"""Images, figures, tables, datasets and JSON, as they are stored."""

from __future__ import annotations

import io
import json
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
