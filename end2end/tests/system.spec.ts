// The System tab of a run: what the machine did, by device and by process.

import { awake, expect, picture, test } from "../fixture";
import type { Api } from "../api";

const samples = 40;
const startedAtMs = Date.now() - samples * 10_000;

/** Samples of some numbers every ten seconds, from one process of several, or from the only one. */
async function sampled(api: Api, runId: string, numbers: Record<string, (at: number) => number>, rank?: number) {
  const series = Object.entries(numbers).map(([key, value]) => ({
    run_id: runId,
    key: `system/${key}`,
    context: rank === undefined ? {} : { process: String(rank) },
    steps: Array.from({ length: samples }, (_, at) => at),
    times_ms: Array.from({ length: samples }, (_, at) => startedAtMs + at * 10_000),
    values: Array.from({ length: samples }, (_, at) => value(at)),
  }));
  await api.send("POST", "/ingest", { series, runs: [] });
}

const wave = (from: number, by: number, speed: number) => (at: number) => from + by * Math.sin(at / speed);

test("the machine's numbers have a tab of their own, by device and rank", async ({ page, api }) => {
  const id = await api.run("0", "two ranks, two cards each", { started_at_ms: startedAtMs });
  await api.log(id, { loss: [0.9, 0.7, 0.6] });
  for (const rank of [0, 1]) {
    await sampled(
      api,
      id,
      {
        "cpu_percent": wave(50 + rank * 10, 20, 3),
        "memory_bytes": wave(24e9 + rank * 1e9, 2e9, 7),
        "memory_percent": wave(40, 3, 7),
        "process_memory_bytes": wave(6e9, 1e9, 9),
        "disk_percent": () => 61,
        "disk_read_bytes_per_second": wave(120e6, 80e6, 2),
        "network_received_bytes_per_second": wave(40e6, 30e6, 4),
        "network_received_bytes": (at) => at * 400e6,
        "gpu.0.utilization_percent": wave(85, 12, 2 + rank),
        "gpu.1.utilization_percent": wave(60, 30, 3 + rank),
        "gpu.0.memory_bytes": () => 70e9,
        "gpu.1.memory_bytes": () => 64e9,
        "gpu.0.temperature_celsius": wave(66, 4, 8),
        "gpu.1.temperature_celsius": wave(71, 3, 8),
      },
      rank,
    );
  }
  await page.goto(`/runs/${id}?tab=system`);
  await awake(page);
  const sections = page.getByRole("main").getByRole("heading", { level: 3 });
  await expect(sections).toHaveText(["GPU", "CPU", "Memory", "Disk", "Network"]);
  const use = page.getByRole("article", { name: "GPU use (%)" });
  const names = use.getByRole("list", { name: "Lines" }).getByRole("button");
  await expect(names).toHaveText(["GPU 0 · rank 0", "GPU 0 · rank 1", "GPU 1 · rank 0", "GPU 1 · rank 1"]);
  // A phone shows it further down, and what is not in view is not fetched.
  await page.getByRole("article", { name: "Memory (GB)", exact: true }).scrollIntoViewIfNeeded();
  await expect(page.getByRole("img", { name: "Memory (GB): 2 lines", exact: true })).toBeVisible();
  await expect(page.getByRole("article", { name: "Network received (MB/s)" })).toBeVisible();
  await expect(page.getByRole("combobox", { name: "X axis" })).toHaveValue("relative");
  await picture(page, "run-system");

  // A line that is hidden is hidden in all charts, and the address keeps how they are set up.
  await names.first().click();
  await page.getByRole("combobox", { name: "X axis" }).selectOption("step");
  await expect(page).toHaveURL(/tab=system.*chart=x-step/);
  await page.reload();
  await awake(page);
  await expect(names.first()).toHaveAttribute("aria-pressed", "false");
  await expect(page.getByRole("combobox", { name: "X axis" })).toHaveValue("step");

  // The Metrics tab is about training alone.
  await page.getByRole("link", { name: "Metrics 1" }).click();
  await expect(page.getByRole("article", { name: "loss" })).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText("system");
  await expect(page.getByRole("combobox", { name: "X axis" })).toHaveValue("step");
});

test("a single process on one machine has one line a chart, and new samples appear", async ({ page, api }) => {
  const id = await api.run("0", "one machine", { started_at_ms: startedAtMs });
  await sampled(api, id, { "cpu_percent": wave(50, 20, 3) });
  await page.goto(`/runs/${id}?tab=system`);
  await awake(page);
  const charts = page.getByRole("main").getByRole("article");
  await expect(charts).toHaveCount(1);
  await expect(charts.getByRole("list", { name: "Lines" })).toHaveCount(0);
  await sampled(api, id, { "gpu.0.power_watts": wave(250, 40, 3), "gpu.1.power_watts": wave(230, 40, 3) });
  await expect(charts).toHaveCount(2);
  const lines = page.getByRole("article", { name: "GPU power (W)" }).getByRole("list", { name: "Lines" });
  await expect(lines.getByRole("button")).toHaveText(["GPU 0", "GPU 1"]);
});

test("a run without samples says how to get them, and keys reach every tab", async ({ page, api }) => {
  const id = await api.run("0", "nothing sampled");
  await page.goto(`/runs/${id}?tab=system`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "Nothing of the machine yet" })).toBeVisible();
  await picture(page, "run-system-empty");
  const tabs = page.getByRole("navigation", { name: "Run" });
  await expect(tabs.getByRole("link")).toHaveCount(10);
  await expect(tabs.getByRole("link", { name: "System" })).toBeInViewport();
  await page.keyboard.press("]");
  await expect(page).toHaveURL(/tab=environment/);
  await page.keyboard.press("[");
  await page.keyboard.press("[");
  await expect(page).toHaveURL(/tab=logs/);
});
