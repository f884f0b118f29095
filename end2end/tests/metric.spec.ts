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
  await expect(row.getByRole("cell").last()).toHaveText("41");
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

/** How many pixels of a chart are not empty. */
function inked(plot: Locator): Promise<number> {
  return plot.evaluate((element) => {
    const canvas = element.querySelector("canvas")!;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length;
  });
}
