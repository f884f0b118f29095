"""The spool: what was written is read, as far as it is whole; what cannot be written hurts nobody."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest

from trackway import spool
from trackway.feed import Feed, Unit
from trackway.spool import Layout, Segment, Stream

RUN = "0123456789abcdef0123456789abcdef"


def row(layout: Layout, step: int, *values: float) -> bytes:
    payload = layout.pack(spool.ROW, layout.number, step, 1000 + step, *values)
    return layout.head(crc32(payload)) + payload


def stream_in(folder: Path) -> Stream:
    folder.mkdir(exist_ok=True)
    return Stream("log", lambda: str(folder), lambda: None)


def left(folder: Path) -> list[Segment]:
    """The segments as another process finds them after this one died."""
    paths = sorted(path for path in folder.iterdir() if path.suffix == "")
    return [
        Segment(number, str(path), size=path.stat().st_size, sealed=True)
        for number, path in enumerate(paths, 1)
    ]


def units(segments: list[Segment]) -> Iterator[Unit]:
    feed = Feed(lambda: segments, segments.remove)
    while (unit := feed.next()) is not None:
        yield unit
        feed.delivered(unit)
    feed.close()


def steps(segments: list[Segment]) -> list[int]:
    found: list[int] = []
    for unit in units(segments):
        if unit.batch is not None:
            for table in unit.batch._tables.values():
                words = [memoryview(piece).cast("q") for piece in table.pieces]
                found += [piece[at] for piece in words for at in range(2, len(piece), table.width)]
        else:
            found.append(-1)
    return found


def test_records_are_read_in_order_and_a_request_goes_alone(tmp_path: Path) -> None:
    stream = stream_in(tmp_path / "s")
    layout = Layout(1, RUN, ("loss",), {})
    for step in range(3):
        stream.put_point(layout, row(layout, step, 0.5))
    stream.put(spool.json_record(spool.REQUEST, {"what": "note"}))
    stream.put_point(layout, row(layout, 3, 0.5))
    assert steps(left(tmp_path / "s")) == [0, 1, 2, -1, 3]


def test_whoever_reads_cuts_the_same_batches(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss", "acc"), {})
    for step in range(60_000):
        stream.put_point(layout, row(layout, step, 0.5, 0.25))
    first = [
        (unit.start, unit.end, unit.batch.encode("w", unit.start))
        for unit in units(left(folder))
        if unit.batch
    ]
    for path in folder.glob("*.sent"):
        path.unlink()
    again = [
        (unit.start, unit.end, unit.batch.encode("w", unit.start))
        for unit in units(left(folder))
        if unit.batch
    ]
    assert first == again and len(first) > 2
    assert [start for start, _, _ in first] == sorted(start for start, _, _ in first)


def test_a_batch_once_cut_stays_so_though_more_was_logged_since(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss",), {})
    for step in range(10):
        stream.put_point(layout, row(layout, step, 0.5))
    reader = Feed(lambda: stream.segments, stream.free)
    sent = reader.next()
    assert sent is not None and sent.batch is not None
    for step in range(10, 20):
        stream.put_point(layout, row(layout, step, 0.5))
    again, rest = [unit for unit in units(left(folder)) if unit.batch]
    assert again.batch is not None and rest.batch is not None
    assert again.batch.encode("w", 0) == sent.batch.encode("w", 0)
    assert (again.start, again.end, rest.start) == (sent.start, sent.end, sent.end)


def test_two_who_cut_at_once_agree(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss",), {})
    stream.put_point(layout, row(layout, 0, 0.5))
    early = Feed(lambda: stream.segments, stream.free)
    others = left(folder)
    late = Feed(lambda: others, others.remove)
    assert late._enter() is not None, "it has read the journal before anything stood in it"
    one = early.next()
    stream.put_point(layout, row(layout, 1, 0.5))
    others[0].size = stream.segments[0].size
    two = late.next()
    assert one is not None and two is not None and (one.start, one.end) == (two.start, two.end)


def test_what_was_delivered_is_not_sent_again_and_its_definitions_are_known(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss",), {})
    stream.put_point(layout, row(layout, 0, 0.5))
    reader = Feed(lambda: stream.segments, stream.free)
    unit = reader.next()
    assert unit is not None
    reader.delivered(unit)
    stream.put_point(layout, row(layout, 1, 0.5))
    assert steps(left(folder)) == [1]


def test_segments_are_freed_as_they_are_delivered(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, tuple(f"m{number}" for number in range(100)), {})
    for step in range(12_000):
        stream.put_point(layout, row(layout, step, *[0.5] * 100))
    assert len(stream.segments) == 3
    reader = Feed(lambda: stream.segments, stream.free)
    while (unit := reader.next()) is not None:
        reader.delivered(unit)
    assert sorted(path.name for path in folder.iterdir()) == ["log-00000003", "log-00000003.sent"]
    reader.close()


def test_a_spool_cut_at_any_byte_gives_all_records_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss", "größe"), {"subset": "val"})
    for step in range(5):
        stream.put_point(layout, row(layout, step, 0.5, 1.5))
    path = folder / "log-00000001"
    whole = path.read_bytes()
    length = len(row(layout, 0, 0.5, 1.5))
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        (folder / "log-00000001.sent").unlink(missing_ok=True)
        expected = max(0, 5 - -(-(len(whole) - size) // length))
        assert steps(left(folder)) == list(range(expected)), size
    assert not caplog.records, "a torn end is normal"


def test_flipped_bits_cost_what_follows_in_their_segment_and_are_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss",), {})
    for step in range(5):
        stream.put_point(layout, row(layout, step, 0.5))
    stream.seal()
    stream.put_point(layout, row(layout, 5, 0.5))
    path = folder / "log-00000001"
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        for old in [*folder.glob("*.sent"), *folder.glob("*.damaged")]:
            old.unlink()
        found = steps(left(folder))
        assert found == [*range(len(found) - 1), 5], at
        # Whatever the number of the segment says, its place is what counts.
        assert len(found) < 6 or 8 <= at < 16, at
    assert "damaged and passed over" in caplog.text


@pytest.mark.parametrize("end", [0, 1, 16, 17, 40, 100, 2**40])
def test_a_journal_that_makes_no_sense_does_no_harm(tmp_path: Path, end: int) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss",), {})
    for step in range(5):
        stream.put_point(layout, row(layout, step, 0.5))
    base = stream.segments[0].base
    spool.Journal(str(folder / "log-00000001.sent")).cut(base + spool.HEAD.size, base + end)
    assert steps(left(folder)) == list(range(5))


def test_zeros_at_the_end_are_no_records(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layout = Layout(1, RUN, ("loss",), {})
    stream.put_point(layout, row(layout, 0, 0.5))
    with open(folder / "log-00000001", "ab") as file:
        file.write(bytes(1000))
    assert steps(left(folder)) == [0]


def test_every_segment_defines_what_it_uses_though_the_stream_began_anew(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)
    layouts = [Layout(number, RUN, (f"m{number}",), {}) for number in (1, 2)]
    for begin in (stream.seal, stream.clear):
        for layout in layouts:
            stream.put_point(layout, row(layout, layout.number, 0.5))
        assert steps(left(folder))[-2:] == [1, 2]
        stream.drop_file()
        begin()
        for path in folder.iterdir():
            path.unlink()
    for layout in reversed(layouts):
        stream.put_point(layout, row(layout, layout.number, 0.5))
    assert steps(left(folder)) == [2, 1]


def test_any_bytes_are_safe_to_read(tmp_path: Path) -> None:
    dice = random.Random(7)
    folder = tmp_path / "s"
    folder.mkdir()
    for _ in range(300):
        body = dice.randbytes(dice.randint(0, 400))
        framed = spool.record(dice.randint(0, 9), dice.randint(0, 3), body[:64])
        for old in folder.iterdir():
            old.unlink()
        (folder / "log-00000001").write_bytes(spool.HEAD.pack(spool.MAGIC, 1) + framed + body)
        (folder / "log-00000001.sent").write_bytes(dice.randbytes(100))
        list(units(left(folder)))


def test_a_folder_that_cannot_be_written_is_said_once_and_memory_takes_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = Stream("log", lambda: str(tmp_path / "missing"), lambda: None)
    layout = Layout(1, RUN, ("loss",), {})
    for step in range(100):
        assert stream.put_point(layout, row(layout, step, 0.5))
    (warning,) = caplog.records
    assert "dies with this process" in warning.message and "missing" in warning.message
    assert steps(stream.segments) == list(range(100))


def test_a_disk_that_fills_up_is_said_once_and_nothing_is_lost(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = Stream("log", lambda: str(small_disk), lambda: None)
    layouts = [Layout(number, RUN, (f"m{number}", "loss"), {}) for number in (1, 2)]
    for step in range(60_000):
        layout = layouts[step % 2]
        assert stream.put_point(layout, row(layout, step, 0.5, 1.0))
    assert [record.message for record in caplog.records if "kept in memory" in record.message]
    assert len(caplog.records) == 1
    on_disk = [segment.path for segment in stream.segments if segment.path]
    assert on_disk and len(on_disk) < len(stream.segments)
    for segment in stream.segments:
        segment.sealed = True
    assert sorted(steps(stream.segments)) == list(range(60_000))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("needs root to mount")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("cannot mount here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_spool_keeps_what_it_has_drops_metrics_first_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = stream_in(tmp_path / "s")
    stream.limit_bytes = 2 * 1024 * 1024
    layout = Layout(1, RUN, tuple(f"m{number}" for number in range(20)), {})
    taken = [stream.put_point(layout, row(layout, step, *[0.5] * 20)) for step in range(20_000)]
    kept = taken.index(False)
    assert 10_000 < kept < 15_000 and not any(taken[kept:])
    assert stream.dropped_values == 20 * (20_000 - kept)
    assert stream.put(spool.json_record(spool.FACTS, {"run_id": RUN, "params": {}, "tags": {}}))
    (warning,) = caplog.records
    assert "what waits is kept, new metrics are dropped" in warning.message
    reader = Feed(lambda: stream.segments, stream.free)
    while (unit := reader.next()) is not None:
        reader.delivered(unit)
    stream.seal()
    assert reader.next() is None
    assert stream.put_point(layout, row(layout, 0, *[0.5] * 20)), "there is room again"
    reader.close()


def test_threads_write_whole_records(tmp_path: Path) -> None:
    folder = tmp_path / "s"
    stream = stream_in(folder)

    def write(number: int) -> None:
        layout = Layout(number, RUN, (f"m{number}",) * number, {})
        for step in range(2000):
            stream.put_point(layout, row(layout, 10_000 * number + step, *[0.5] * number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(steps(left(folder))) == [
        10_000 * number + step for number in range(1, 5) for step in range(2000)
    ]


def test_logging_hardly_costs_anything(tmp_path: Path) -> None:
    """Far above what it takes on a quiet machine: bench/log.py has the figures."""
    import time

    import trackway

    run = trackway.init(mode="offline", dir=tmp_path / "s", capture=False)
    metrics = {f"m{number}": 0.1 * number for number in range(20)}
    took = []
    for step in range(3000):
        started_at = time.perf_counter_ns()
        run.log_metrics(metrics, step=step)
        took.append(time.perf_counter_ns() - started_at)
    run.finish()
    assert sorted(took)[1500] < 50_000
