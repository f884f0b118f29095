"""What the machine does while a run goes on: processors, memory, disk, network, graphics processors.

Linux is read from /proc; elsewhere psutil is used when it is there. Graphics processors are asked by pynvml when it
is there, otherwise by nvidia-smi. What cannot be had is left out; nothing here raises.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .run import Run

# nvidia-smi wakes the driver up, which takes a second where no daemon holds it.
SMI_SECONDS_MAX = 5.0
_SMI_FIELDS = "index,utilization.gpu,memory.used,temperature.gpu,power.draw"

# What the kernel counts sectors in, whatever the disk does.
_SECTOR_BYTES = 512

_log = logging.getLogger("trackway")


class Sampler:
    """Takes one sample of everything at each call and logs it to a run."""

    def __init__(self, run: Run, first_step: int = 0) -> None:
        self._run = run
        self._step = first_step
        self._machine = _machine()
        self._gpu: Callable[[], dict[str, float]] | None = None
        self._asked_gpu = False

    def sample(self) -> None:
        values = self._machine() if self._machine is not None else {}
        if not self._asked_gpu:
            # In the thread of the sampler, because the driver may take its time.
            self._asked_gpu = True
            self._gpu = _gpu()
        if self._gpu is not None:
            values.update(self._gpu())
        values["process_memory_bytes"] = float(_own_memory_bytes())
        for key, value in values.items():
            if value == value:
                self._run.log_series(f"system/{key}", self._step, float(value))
        self._step += 1


def _machine() -> Callable[[], dict[str, float]] | None:
    if sys.platform.startswith("linux"):
        return _Proc()
    try:
        import psutil  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        return None
    return _Psutil(psutil)


class _Speeds:
    """Bytes a second, from counts that only grow."""

    def __init__(self, counts: dict[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts, self._at = counts, clock()

    def __call__(self, counts: dict[str, int]) -> dict[str, float]:
        before, at = self._counts, self._at
        self._counts, self._at = counts, self._clock()
        seconds = self._at - at
        if seconds <= 0:
            return {}
        # An interface or a disk that was taken out counts no more.
        return {
            f"{name}_bytes_per_second": max(0, count - before[name]) / seconds
            for name, count in counts.items()
            if name in before
        }


class _Proc:
    """Linux: differences between two looks at /proc."""

    def __init__(self) -> None:
        self._cpu = _cpu_times()
        self._network = _network_bytes()
        self._speeds = _Speeds(_traffic(self._network, _disk_bytes()))

    def __call__(self) -> dict[str, float]:
        values: dict[str, float] = {}
        cpu, before = _cpu_times(), self._cpu
        self._cpu = cpu
        total = cpu[1] - before[1]
        if total > 0:
            values["cpu_percent"] = 100.0 * (cpu[0] - before[0]) / total
        total_bytes, available = _memory_bytes()
        if total_bytes:
            values["memory_bytes"] = float(total_bytes - available)
            values["memory_percent"] = 100.0 * (total_bytes - available) / total_bytes
        disk = shutil.disk_usage(os.getcwd())
        # Of what this user may fill, as `df` has it: what is kept for others does not help a run.
        values["disk_percent"] = 100.0 * disk.used / max(1, disk.used + disk.free)
        # Counted from the start of the run, so that a curve begins at zero.
        sent, received = _network_bytes()
        values["network_sent_bytes"] = float(max(0, sent - self._network[0]))
        values["network_received_bytes"] = float(max(0, received - self._network[1]))
        values.update(self._speeds(_traffic((sent, received), _disk_bytes())))
        return values


def _traffic(network: tuple[int, int], disk: tuple[int, int] | None) -> dict[str, int]:
    """Counts under the names of their speeds."""
    counts = {"network_sent": network[0], "network_received": network[1]}
    if disk is not None:
        counts.update(disk_read=disk[0], disk_written=disk[1])
    return counts


def _cpu_times() -> tuple[int, int]:
    """Busy and all ticks of all processors."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def _memory_bytes() -> tuple[int, int]:
    """All, and what is available."""
    found = {}
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in ("MemTotal", "MemAvailable"):
                found[name] = int(rest.split()[0]) * 1024
    return found.get("MemTotal", 0), found.get("MemAvailable", 0)


def _network_bytes() -> tuple[int, int]:
    """Sent and received by all interfaces but the loopback."""
    sent = received = 0
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file.readlines()[2:]:
            name, _, rest = line.partition(":")
            words = rest.split()
            if name.strip() != "lo" and len(words) >= 9:
                received += int(words[0])
                sent += int(words[8])
    return sent, received


def _disk_bytes() -> tuple[int, int] | None:
    """Read from and written to all disks; None where the kernel does not tell."""
    read = written = 0
    try:
        # Whole disks alone: what a partition or a mapped volume does is counted at its disk too.
        disks = {name for name in os.listdir("/sys/block") if os.path.exists(f"/sys/block/{name}/device")}
        with open("/proc/diskstats", encoding="ascii", errors="replace") as file:
            for line in file:
                words = line.split()
                if len(words) >= 10 and words[2] in disks:
                    read += int(words[5]) * _SECTOR_BYTES
                    written += int(words[9]) * _SECTOR_BYTES
    except (OSError, ValueError):
        return None
    return (read, written) if disks else None


def _own_memory_bytes() -> float:
    """Of this process alone; NaN where it cannot be told."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return float(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, AttributeError):
        psutil = sys.modules.get("psutil")
        return float(psutil.Process().memory_info().rss) if psutil is not None else float("nan")


class _Psutil:
    """Elsewhere than on Linux."""

    def __init__(self, psutil: Any) -> None:
        self._psutil = psutil
        network = psutil.net_io_counters()
        # Counted from the start of the run, as on Linux.
        self._network = (network.bytes_sent, network.bytes_recv) if network is not None else (0, 0)
        self._speeds = _Speeds(self._traffic())

    def _traffic(self) -> dict[str, int]:
        network, disk = self._psutil.net_io_counters(), None
        # Some systems have no counters of disks, and say so in different ways.
        with suppress(Exception):
            counters = self._psutil.disk_io_counters()
            disk = counters and (counters.read_bytes, counters.write_bytes)
        if network is None:
            return {"disk_read": disk[0], "disk_written": disk[1]} if disk else {}
        return _traffic((network.bytes_sent, network.bytes_recv), disk)

    def __call__(self) -> dict[str, float]:
        memory = self._psutil.virtual_memory()
        values = {
            "cpu_percent": self._psutil.cpu_percent(interval=None),
            "memory_bytes": float(memory.total - memory.available),
            "memory_percent": memory.percent,
            "disk_percent": self._psutil.disk_usage(os.getcwd()).percent,
        }
        counts = self._traffic()
        for name, before in zip(("network_sent", "network_received"), self._network):
            if name in counts:
                values[f"{name}_bytes"] = float(max(0, counts[name] - before))
        values.update(self._speeds(counts))
        return values


def _gpu() -> Callable[[], dict[str, float]] | None:
    """How to ask the graphics processors; None where there are none."""
    try:
        import pynvml  # type: ignore[import-not-found, import-untyped, unused-ignore]

        pynvml.nvmlInit()
        if pynvml.nvmlDeviceGetCount() > 0:
            return lambda: _by_nvml(pynvml)
        return None
    except Exception:
        # Not installed, or a driver of another version: the program beside it may do.
        pass
    program = shutil.which("nvidia-smi")
    if program is None or not _smi(program):
        return None
    return lambda: _smi(program)


def _by_nvml(nvml: Any) -> dict[str, float]:
    values: dict[str, float] = {}
    for index in range(nvml.nvmlDeviceGetCount()):
        device = nvml.nvmlDeviceGetHandleByIndex(index)
        for name, ask in _NVML.items():
            # Not every card tells everything.
            with suppress(Exception):
                values[f"gpu.{index}.{name}"] = float(ask(nvml, device))
    return values


_NVML: dict[str, Callable[[Any, Any], float]] = {
    "utilization_percent": lambda nvml, device: nvml.nvmlDeviceGetUtilizationRates(device).gpu,
    "memory_bytes": lambda nvml, device: nvml.nvmlDeviceGetMemoryInfo(device).used,
    "temperature_celsius": lambda nvml, device: nvml.nvmlDeviceGetTemperature(device, 0),
    "power_watts": lambda nvml, device: nvml.nvmlDeviceGetPowerUsage(device) / 1000,
}


def _smi(program: str) -> dict[str, float]:
    try:
        said = subprocess.run(
            [program, f"--query-gpu={_SMI_FIELDS}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=SMI_SECONDS_MAX,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    values: dict[str, float] = {}
    for line in said.splitlines():
        index, *words = (word.strip() for word in line.split(","))
        names = ("utilization_percent", "memory_bytes", "temperature_celsius", "power_watts")
        for name, word in zip(names, words):
            try:
                scale = 2**20 if name == "memory_bytes" else 1
                values[f"gpu.{index}.{name}"] = float(word) * scale
            except ValueError:
                # "[N/A]": this card does not tell.
                continue
    return values
