// Metrics: curves, numbers, and both growing while a run logs.

import type { Locator } from "@playwright/test";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { accessible, awake, expect, picture, test } from "../fixture";
import { screenshots } from "../place";
import { divergedRun, fullRun, sweep } from "../seed";

test("each metric has a curve and a row of numbers", async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[fullRun]}?tab=metrics`);
  await awake(page);
  for (const key of ["train/loss", "val/loss", "train/accuracy", "val/accuracy", "lr"]) {
    const plot = page.getByRole("article", { name: key, exact: true }).getByRole("img");
    await plot.scrollIntoViewIfNeeded();
    await expect(plot).toHaveAccessibleName(/: 60 points, last .* at step 59$/);
    expect(await inked(plot), `pixels drawn for ${key}`).toBeGreaterThan(100);
  }
  const row = page.getByRole("table", { name: "Metrics in numbers" }).getByRole("row", { name: /^val\/accuracy/ });
  await expect(row).toContainText("60");
  await picture(page, "run-metrics");
});

test("a value under the pointer is told", async ({ page, world, isMobile }) => {
  test.skip(isMobile, "a finger does not hover");
  await page.goto(`/runs/${world.runs[fullRun]}?tab=metrics`);
  await awake(page);
  const panel = page.getByRole("article", { name: "val/loss", exact: true });
  await expect(panel.getByRole("img")).toHaveAccessibleName(/60 points/);
  await panel.getByRole("img").hover();
  await expect(panel).toContainText(/step \d+/i);
});

test("values that are no numbers are counted, and the rest is drawn", async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[divergedRun]}?tab=metrics`);
  await awake(page);
  const row = page.getByRole("table", { name: "Metrics in numbers" }).getByRole("row", { name: /^train\/loss/ });
  await expect(row).toContainText("NaN");
  await expect(row.getByRole("cell", { name: "41", exact: true })).toBeVisible();
  const plot = page.getByRole("article", { name: "train/loss", exact: true }).getByRole("img");
  await plot.scrollIntoViewIfNeeded();
  await expect(plot).toHaveAccessibleName(/60 points/);
  expect(await inked(plot)).toBeGreaterThan(100);
  await picture(page, "run-metrics-diverged");
});

test("curves grow while the run logs, without a reload", async ({ page, api }) => {
  const id = await api.run("0", "in training");
  await api.log(id, { loss: [1, 0.9, 0.8] });
  await page.goto(`/runs/${id}?tab=metrics`);
  await awake(page);
  const plot = page.getByRole("img", { name: /^loss: / });
  await expect(plot).toHaveAccessibleName("loss: 3 points, last 0.8000 at step 2");
  const before = await plot.screenshot();
  await page.evaluate(() => document.body.setAttribute("data-loaded-once", ""));

  for (let step = 3; step < 30; step += 9) {
    await api.log(id, { loss: Array.from({ length: 9 }, (_, index) => 1 / (step + index)) }, step);
    const last = step + 8;
    await expect(plot).toHaveAccessibleName(new RegExp(`^loss: ${last + 1} points, last .* at step ${last}$`));
  }
  expect(before.equals(await plot.screenshot()), "the picture stayed the same").toBe(false);
  const row = page.getByRole("table", { name: "Metrics in numbers" }).getByRole("row", { name: /^loss/ });
  await expect(row.getByRole("cell", { name: "30", exact: true })).toBeVisible();

  await api.log(id, { accuracy: [0.5] });
  await expect(page.getByRole("img", { name: "accuracy: 1 point, last 0.5000 at step 0" })).toBeVisible();
  await expect(page.locator("body[data-loaded-once]"), "the page was loaded again").toHaveCount(1);
  await api.end(id, "completed");
});

test("how charts are set up stays in the address, for all of them and for one", async ({ page, world, isMobile }) => {
  const path = `/runs/${world.runs[fullRun]}?tab=metrics`;
  await page.goto(path);
  await awake(page);
  const all = page.getByRole("region", { name: "All charts" });
  const asked = page.waitForRequest((request) => /api\/v1\/series.*smoothing=ema&weight=0\.6/.test(request.url()));
  await all.getByRole("combobox", { name: "Smoothing" }).selectOption("EMA");
  await asked;
  await expect(page).toHaveURL(/chart=smooth-ema-0\.6/);
  await all.getByRole("combobox", { name: "X axis" }).selectOption("Relative time");
  await expect(page).toHaveURL(/chart=x-relative,smooth-ema-0\.6/);

  const panel = page.getByRole("article", { name: "val/loss", exact: true });
  await panel.locator("summary").click();
  await panel.getByRole("combobox", { name: "Y axis" }).selectOption("Log");
  await expect(page).toHaveURL(/panel=x-relative,smooth-ema-0\.6,y-log:val%2Floss/);
  await page.reload();
  await awake(page);
  await expect(all.getByRole("combobox", { name: "Smoothing" })).toHaveValue("ema");
  const plot = panel.getByRole("img");
  await plot.scrollIntoViewIfNeeded();
  await expect(plot).toHaveAccessibleName(/60 points/);
  if (!isMobile) await accessible(page);
  await picture(page, "run-metrics-smoothed");

  await panel.locator("summary").click();
  await panel.getByRole("button", { name: "Like all others" }).click();
  await expect(page).not.toHaveURL(/panel=/);
});

test("zooming in shows every point, and what was out of range is told", async ({ page, api, isMobile }) => {
  test.skip(isMobile, "a finger does not draw a range");
  const id = await api.run("0", "one spike");
  const values = Array.from({ length: 20_000 }, (_, step) => (step === 12_345 ? 50 : 1 / (1 + step / 1000)));
  await api.log(id, { loss: values, other: values });
  await page.goto(`/runs/${id}?tab=metrics`);
  await awake(page);
  const panel = page.getByRole("article", { name: "loss", exact: true });
  const plot = panel.getByRole("img");
  await expect(panel).toContainText(/of 20.000 points/);
  const box = (await plot.boundingBox())!;
  const at = (step: number) => box.x + 40 + ((box.width - 56) * step) / 20_000;
  await page.mouse.move(at(12_250), box.y + 60);
  await page.mouse.down();
  await page.mouse.move(at(12_500), box.y + 64, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/zoom=step:1[12]\d+/);
  await expect(panel, "each point is a row").not.toContainText(/of [\d\u202f]+ points/);
  await expect(plot).toHaveAccessibleName(/^loss: \d{2,3} points/);
  const other = page.getByRole("article", { name: "other", exact: true }).getByRole("img");
  await expect(other, "the other chart over steps follows").toHaveAccessibleName(/^other: \d{2,3} points/);

  await page.getByRole("region", { name: "All charts" }).getByLabel("Ignore outliers").check();
  await expect(panel).toContainText("1 beyond the axis");
  await plot.dblclick();
  await expect(plot).toHaveAccessibleName(/20.000 points/);
  await expect(page).not.toHaveURL(/zoom=/);
});

test("without a mouse, keys walk along the curve, zoom and come back", async ({ page, world, isMobile }) => {
  test.skip(isMobile, "there are no keys");
  await page.goto(`/runs/${world.runs[fullRun]}?tab=metrics`);
  await awake(page);
  const panel = page.getByRole("article", { name: "val/loss", exact: true });
  const plot = panel.getByRole("img");
  await expect(plot).toHaveAccessibleName(/60 points/);
  await plot.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(panel.getByText(/^step 1: /)).toBeAttached();
  await page.keyboard.press("+");
  await expect(page.getByRole("button", { name: "Reset zoom" })).toBeVisible();
  await expect(plot).toHaveAccessibleName(/: 3\d points/);
  await page.keyboard.press("Escape");
  await expect(plot).toHaveAccessibleName(/: 60 points/);
});

test("runs under the pointer are sorted, stay on a click, and go where they are hidden", async ({ page, world, isMobile }) => {
  test.skip(isMobile, "a finger does not hover");
  const runs = ["sweep-01", "sweep-02", "sweep-03"].map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${runs.join(",")}&view=curves`);
  await awake(page);
  const panel = page.getByRole("article", { name: "val/loss", exact: true });
  const plot = panel.getByRole("img");
  await plot.scrollIntoViewIfNeeded();
  await expect(plot).toHaveAccessibleName("val/loss: 3 lines");
  await plot.hover();
  await plot.click();
  await page.mouse.move(0, 0);
  const rows = panel.getByRole("row");
  await expect(rows, "the box is pinned").toHaveCount(3);
  const values = (await rows.allInnerTexts()).map((text) => Number(text.split(/\s+/)[1]));
  expect(values).toEqual([...values].sort((a, b) => b - a));
  await picture(page, "compare-pinned");
  await panel.getByRole("button", { name: "Unpin" }).click();
  await expect(rows).toHaveCount(0);

  const legend = panel.getByRole("list", { name: "Lines" });
  await legend.getByRole("button", { name: /^sweep-02/ }).click();
  await expect(page).toHaveURL(/off=/);
  await panel.locator("summary").click();
  const saved = async (form: string) => {
    const coming = page.waitForEvent("download");
    await panel.getByRole("button", { name: form }).click();
    const file = await coming;
    return { name: file.suggestedFilename(), content: readFileSync((await file.path())!) };
  };
  const csv = await saved("CSV");
  expect(csv.name).toBe("val-loss.csv");
  const names = csv.content.toString().trim().split("\n").slice(1).map((line) => line.split(",")[0]);
  expect([...new Set(names)].sort()).toEqual(["sweep-01", "sweep-03"]);
  expect(names).toHaveLength(120);
  const svg = await saved("SVG");
  for (const text of [">val/loss</text>", ">sweep-01</text>", ">sweep-03</text>", ">step</text>"]) {
    expect(svg.content.toString()).toContain(text);
  }
  expect(svg.content.toString()).not.toContain("sweep-02");
  const png = await saved("PNG");
  expect(png.content.subarray(1, 4).toString()).toBe("PNG");
  expect(png.content.readUInt32BE(16), "twice as wide as the smallest picture").toBeGreaterThanOrEqual(1280);
  writeFileSync(path.join(screenshots, test.info().project.name, "export.svg"), svg.content);
  writeFileSync(path.join(screenshots, test.info().project.name, "export.png"), png.content);
});

test("an experiment draws the runs of its table, or each group as a curve with a band", async ({ page, world, isMobile }) => {
  const path = `/experiments/${world.experiments[sweep]}`;
  await page.goto(path);
  await awake(page);
  await page.getByRole("link", { name: "Charts", exact: true }).click();
  await expect(page).toHaveURL(/view=charts/);
  const plot = page.getByRole("article", { name: "val/loss", exact: true }).getByRole("img");
  // Charts fetch what is in view.
  const drawn = async (name: string | RegExp) => {
    await plot.scrollIntoViewIfNeeded();
    await expect(plot).toHaveAccessibleName(name);
  };
  await drawn("val/loss: 10 lines");
  await page.getByRole("button", { name: "Draw 10 more" }).click();
  await drawn("val/loss: 20 lines");
  await page.getByLabel("All runs as one").check();
  await expect(page).toHaveURL(/together=1/);
  await drawn(/^val\/loss: 20 runs, 1.200 points$/);
  if (!isMobile) await accessible(page);
  await picture(page, "experiment-charts");

  await page.goto(`${path}?view=charts&group=params.width`);
  await awake(page);
  await drawn(/^val\/loss: \d lines$/);
  await expect(page.getByRole("list", { name: "Lines" }).first()).toContainText(/width \d+ \(n = \d+\)/);
  await page.getByLabel("Band of runs").selectOption("Lowest to highest");
  await expect(page).toHaveURL(/spread=mean-min_max/);
  await picture(page, "experiment-charts-grouped");
});

test("a run's row lifts its curves in every chart, and a curve its row", async ({ page, world, isMobile }) => {
  await page.goto(`/experiments/${world.experiments[sweep]}?view=charts`);
  await awake(page);
  const rows = page.getByRole("list", { name: "Runs of these charts" }).getByRole("listitem");
  await expect(rows).toHaveCount(10);
  const panels = ["train/loss", "train/accuracy"].map((name) => page.getByRole("article", { name, exact: true }));
  for (const panel of panels) {
    await panel.getByRole("img").scrollIntoViewIfNeeded();
    await expect(panel.getByRole("img")).toHaveAccessibleName(/: 10 lines$/);
  }
  const name = (await rows.nth(3).getByRole("link").innerText()).trim();
  if (isMobile) {
    await picture(page, "experiment-charts-roster");
    return;
  }
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/v1/series")) asked.push(request.url());
  });
  await rows.nth(3).hover();
  for (const panel of panels) {
    await expect(panel.locator("canvas.plot__canvas--dim"), "the others fade").toHaveCount(1);
    expect(await inked(panel.getByRole("img"), 1), "the lifted curve").toBeGreaterThan(50);
    await expect(panel.locator(".legend__name--lifted")).toHaveText([name]);
  }
  await picture(page, "experiment-charts-lifted");

  await page.mouse.move(0, 0);
  await expect(page.locator(".roster__row--lifted")).toHaveCount(0);
  const box = (await panels[1].getByRole("img").boundingBox())!;
  const lifted = page.locator(".roster__row--lifted");
  for (let y = 20; y < 150 && (await lifted.count()) === 0; y += 6) {
    await page.mouse.move(box.x + box.width * 0.7, box.y + y);
  }
  await expect(lifted).toHaveCount(1);
  await expect(panels[0].locator("canvas.plot__canvas--dim")).toHaveCount(1);
  expect(asked, "nothing was fetched for it").toEqual([]);

  await page.mouse.move(0, 0);
  await rows.nth(3).getByRole("button", { name: `Show ${name}` }).click();
  await expect(page).toHaveURL(/hide=/);
  const eye = rows.nth(3).getByRole("button", { name: `Show ${name}` });
  await expect(eye).toHaveAttribute("aria-pressed", "false");
  await expect(eye, "the keyboard stays where it is").toBeFocused();
  await accessible(page);
});

test("events are marked under the axis where they happened, or near the step of that time", async ({ page, api, isMobile }) => {
  const id = await api.run("0", "eventful training");
  await api.log(id, { loss: Array.from({ length: 60 }, (_, step) => 1 / (1 + step)) });
  const at = (second: number) => Date.UTC(2026, 0, 15, 9) + second * 1000 + 400;
  const span = "7".repeat(32);
  const event = (digit: string, name: string, second: number, more: object = {}) => ({
    id: digit.repeat(32), name, source: "trainer", time_ms: at(second), ...more,
  });
  const events = [
    event("1", "<b>saved</b>", 20, { metadata: { path: "a.pt" } }),
    event("2", "evaluation", 40, { kind: "start", span }),
    event("3", "evaluation", 50, { kind: "finish", span }),
    event("4", "too early", -3600),
  ];
  await api.send("POST", `/runs/${id}/events`, { events });
  await page.goto(`/runs/${id}?tab=metrics`);
  await awake(page);
  const panel = page.getByRole("article", { name: "loss", exact: true });
  const plot = panel.getByRole("img");
  await expect(plot).toHaveAccessibleName(/60 points/);
  await expect(panel).toContainText("1 event before the first point");
  await picture(page, "run-metrics-events");
  const toggle = page.getByRole("region", { name: "All charts" }).getByLabel("Events");
  if (!isMobile) {
    const tip = panel.locator(".tip--lane");
    const find = async (share: number) => {
      await plot.scrollIntoViewIfNeeded();
      const box = (await plot.boundingBox())!;
      const [left, right] = [box.x + 34, box.x + box.width - 14];
      for (let x = -12; x <= 12; x += 3) {
        await page.mouse.move(left + (right - left) * share + x, box.y + box.height - 26);
        if (await tip.count()) return;
      }
    };
    await find(20 / 59);
    await expect(tip).toContainText("<b>saved</b>");
    await expect(tip).toContainText("2026-01-15 09:00:20 UTC · near step 20");
    await expect(tip).toContainText("trainer");
    await expect(tip).toContainText("path=a.pt");
    await picture(page, "run-metrics-event");
    await find(45 / 59);
    await expect(tip).toContainText("took 10.0s · near step 40".replace("10.0s", "10s"));
    await page.getByRole("region", { name: "All charts" }).getByRole("combobox", { name: "X axis" }).selectOption("Wall time");
    await expect(panel).not.toContainText("before the first point");
    await accessible(page);
  }
  await toggle.uncheck();
  await expect(page).toHaveURL(/events=off/);
  await page.reload();
  await awake(page);
  await expect(toggle).not.toBeChecked();
  await expect(panel).not.toContainText("before the first point");
});

test("what happens while an experiment or a comparison is open is marked there", async ({ page, api }) => {
  const experiment = await api.experiment(`happening ${test.info().project.name}`);
  const runs = [await api.run(experiment, "one"), await api.run(experiment, "two")];
  for (const id of runs) await api.log(id, { loss: [3, 2, 1] });
  const events = page.getByRole("region", { name: "All charts" }).getByLabel("Events");
  const happens = async (run: string, digit: string) => {
    await expect(page.getByRole("article", { name: "loss", exact: true }).getByRole("img")).toHaveAccessibleName(/2 lines/);
    await expect(events).toHaveCount(0);
    const event = { id: digit.repeat(32), name: "saved", source: "trainer", time_ms: Date.UTC(2026, 0, 15, 9, 0, 1) };
    await api.send("POST", `/runs/${run}/events`, { events: [event] });
    await expect(events).toBeVisible();
  };
  await page.goto(`/experiments/${experiment}?view=charts`);
  await awake(page);
  await happens(runs[0]!, "1");
  const fresh = await api.run(experiment, "fresh");
  await api.log(fresh, { loss: [3, 2, 1] });
  await page.goto(`/compare?runs=${fresh},${runs[1]}&view=curves`);
  await awake(page);
  await happens(fresh, "2");
});

test("a chart computes what its expression says, and mistakes stand under their character", async ({ page, api, isMobile }) => {
  const id = await api.run("0", "computed");
  const fall = (factor: number, count: number) => Array.from({ length: count }, (_, step) => factor / (1 + step));
  await api.log(id, { "train/loss": fall(1, 60), "val/loss": fall(2, 40) });
  await page.goto(`/runs/${id}?tab=metrics`);
  await awake(page);
  const all = page.getByRole("region", { name: "All charts" });
  await all.getByText("Add chart", { exact: true }).click();
  const text = all.getByLabel("Expression");
  const add = all.getByRole("button", { name: "Add chart" });
  await text.fill("`val/loss` - ");
  await expect(all.getByRole("status")).toContainText("expected a metric");
  await expect(add).toBeDisabled();
  await text.fill("val/loss");
  await expect(all.getByRole("status")).toContainText("No metric here is called val. Is `val/loss` meant?");
  if (!isMobile) await accessible(page);
  await picture(page, "run-metrics-compute");
  await text.fill("`val/loss` -");
  await all.getByLabel("Insert a metric").selectOption("train/loss");
  await expect(text).toHaveValue("`val/loss` - `train/loss`");
  await all.getByLabel("Name").fill("gap");
  await add.click();
  await expect(page).toHaveURL(/expr=gap%3D/);
  const panel = page.getByRole("article", { name: "gap", exact: true });
  await expect(panel.getByRole("img")).toHaveAccessibleName("gap: 40 points, last 0.02500 at step 39");
  await expect(panel).toContainText("40 of 60 steps have all metrics");
  await page.reload();
  await awake(page);
  await panel.getByRole("img").scrollIntoViewIfNeeded();
  await expect(panel.getByRole("img")).toHaveAccessibleName(/^gap: 40 points/);
  await picture(page, "run-metrics-computed");
  await panel.locator("summary").click();
  await panel.getByLabel("Expression").fill("`train/loss` / `val/loss` / 0");
  await panel.getByRole("button", { name: "Change chart" }).click();
  await expect(panel).toContainText("Every value is NaN or infinite");
  await panel.locator("summary").click();
  await panel.getByRole("button", { name: "Remove chart" }).click();
  await expect(panel).toHaveCount(0);
  await expect(page).not.toHaveURL(/expr=/);
});

test("charts are moved, made wide and hidden, and stay so in the address", async ({ page, api, isMobile }) => {
  const id = await api.run("0", "arranged");
  const values = [3, 2, 1];
  await api.log(id, { a: values, b: values, c: values, d: values });
  await page.goto(`/runs/${id}?tab=metrics`);
  await awake(page);
  const titles = page.locator(".panel__title");
  await expect(titles).toHaveText(["a", "b", "c", "d"]);
  const panel = (name: string) => page.getByRole("article", { name, exact: true });
  const menu = async (name: string, button: string) => {
    await panel(name).locator("summary").click();
    await panel(name).getByRole("button", { name: button }).click();
  };
  await menu("c", "Move before");
  await expect(titles).toHaveText(["a", "c", "b", "d"]);
  await expect(page).toHaveURL(/place=a&place=c&place=b/);
  await page.keyboard.press("Escape");
  if (!isMobile) {
    await panel("d").locator(".panel__title").dragTo(panel("a"));
    await expect(titles).toHaveText(["d", "a", "c", "b"]);
  }
  await menu("a", "Two columns wide");
  await expect(page).toHaveURL(/wide=a/);
  await page.keyboard.press("Escape");
  await menu("b", "Hide this chart");
  await expect(page).toHaveURL(/gone=b/);
  const left = isMobile ? ["a", "c", "d"] : ["d", "a", "c"];
  await expect(titles).toHaveText(left);
  await page.reload();
  await awake(page);
  await expect(titles).toHaveText(left);
  if (!isMobile) {
    const width = async (name: string) => (await panel(name).boundingBox())!.width;
    expect(await width("a")).toBeGreaterThan(1.9 * (await width("c")));
  }
  await picture(page, "run-metrics-arranged");
  await page.getByRole("button", { name: "Show again" }).click();
  await expect(titles).toHaveCount(4);
  await expect(page).not.toHaveURL(/gone=/);
});

/** How many pixels of a chart are not empty: of the picture itself, or of what lies over it. */
function inked(plot: Locator, layer = 0): Promise<number> {
  return plot.evaluate((element, layer) => {
    const canvas = element.querySelectorAll("canvas")[layer];
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length;
  }, layer);
}

test("metrics are put in the order of a column, and read at a step", async ({ page, api }, info) => {
  const id = await api.run(await api.experiment(`in order ${info.project.name}`), "numbers");
  const values = (scale: number) => Array.from({ length: 20 }, (_, step) => scale * (step + 1));
  await api.log(id, { "b/low": values(1), "a/high": values(10), "c/falling": values(-1) });
  await api.log(id, { "d/late": [5, 6, 7] }, 12);
  await page.goto(`/runs/${id}?tab=metrics`);
  await awake(page);
  const table = page.getByRole("table", { name: "Metrics in numbers" });
  const names = () => table.getByRole("rowheader").allTextContents();
  await expect.poll(names).toEqual(["a/high", "b/low", "c/falling", "d/late"]);
  await table.getByRole("link", { name: "Last" }).click();
  await expect.poll(names).toEqual(["c/falling", "d/late", "b/low", "a/high"]);
  await expect(table.getByRole("columnheader", { name: "Last" })).toHaveAttribute("aria-sort", "ascending");
  await page.getByRole("spinbutton", { name: "At step" }).fill("9");
  await page.getByRole("spinbutton", { name: "At step" }).press("Enter");
  const high = table.getByRole("row", { name: /^a\/high/ });
  await expect(high.getByRole("cell").first()).toHaveText("100@ 9");
  await expect(table.getByRole("row", { name: /^d\/late/ }).getByRole("cell").first()).toHaveText("–");
  const at = table.getByRole("columnheader", { name: "At step 9" });
  await at.getByRole("link").click();
  await expect(at).toHaveAttribute("aria-sort", "ascending");
  await at.getByRole("link").click();
  await expect.poll(names).toEqual(["a/high", "b/low", "c/falling", "d/late"]);
  await expect(page).toHaveURL(/step=9.*sort=at.*reverse=true/);
  await picture(page, "run-metrics-at-step");
  await page.reload();
  await expect(high.getByRole("cell").first()).toHaveText("100@ 9");
  await awake(page);
  await expect.poll(names).toEqual(["a/high", "b/low", "c/falling", "d/late"]);
});
