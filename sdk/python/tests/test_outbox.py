"""The queue between logging and sending."""

from __future__ import annotations

import threading
import time

import pytest

from trackway import outbox as module
from trackway.outbox import Outbox
from trackway.record import Edit, Logged, Record


def _logged(step: int) -> Logged:
    return Logged("r", step, 0, {"loss": 1.0})


def _end() -> Edit:
    return Edit("run end", "PATCH", "/", {"status": "completed"})


def test_order_is_kept_and_edits_go_alone() -> None:
    delivered: list[list[Record]] = []

    def deliver(records: list[Record]) -> list[Record]:
        delivered.append(records)
        return []

    outbox = Outbox(deliver, on_fork=lambda: None)
    records: list[Record] = [_logged(0), _logged(1), _end(), _logged(2)]
    for record in records:
        assert outbox.put(record)
    assert outbox.close(5)
    assert [record for batch in delivered for record in batch] == records
    assert [_end()] in delivered


def test_a_full_queue_waits_once_then_drops_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "QUEUE_BYTES_MAX", 10 * _logged(0).size_bytes)
    monkeypatch.setattr(module, "PUT_SECONDS_MAX", 0.2)
    server_back = threading.Event()
    delivered: list[Record] = []

    def deliver(records: list[Record]) -> list[Record]:
        server_back.wait()
        delivered.extend(records)
        return []

    outbox = Outbox(deliver, on_fork=lambda: None)
    started_at = time.monotonic()
    taken = [outbox.put(_logged(step)) for step in range(1000)]
    assert time.monotonic() - started_at < 1.0
    assert taken == [True] * 10 + [False] * 990
    assert len(caplog.records) == 1
    assert outbox.put(_end()), "the end of a run always fits"
    assert not outbox.flush(0.1)
    assert outbox.unsent() == "10 metric values, 1 run end"
    assert outbox.take_lost() == "990 metric values"
    server_back.set()
    assert outbox.flush(5)
    assert outbox.put(_logged(1000)), "there is room again"
    assert outbox.close(5)
    assert [record.step for record in delivered if isinstance(record, Logged)] == [*range(10), 1000]


def test_a_mistake_in_delivery_does_not_stop_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    delivered: list[Record] = []

    def deliver(records: list[Record]) -> list[Record]:
        delivered.extend(records)
        if len(delivered) == 1:
            raise ZeroDivisionError
        return []

    outbox = Outbox(deliver, on_fork=lambda: None)
    outbox.put(_logged(0))
    assert outbox.flush(5)
    outbox.put(_logged(1))
    assert outbox.close(5)
    assert delivered == [_logged(0), _logged(1)]
    assert "ZeroDivisionError" in caplog.text
    assert outbox.take_lost() == "1 metric value"
    assert outbox.take_lost() == ""


def test_put_after_close_sends_again() -> None:
    delivered: list[Record] = []

    def deliver(records: list[Record]) -> list[Record]:
        delivered.extend(records)
        return []

    outbox = Outbox(deliver, on_fork=lambda: None)
    outbox.put(_logged(0))
    assert outbox.close(5)
    outbox.put(_logged(1))
    assert outbox.close(5)
    assert delivered == [_logged(0), _logged(1)]
