// Metrics: curves, numbers, and both growing while a run logs.

import type { Locator } from "@playwright/test";
import { awake, expect, picture, test } from "../fixture";
import { divergedRun, fullRun } from "../seed";

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

/** How many pixels of a chart are not empty. */
function inked(plot: Locator): Promise<number> {
  return plot.evaluate((element) => {
    const canvas = element.querySelector("canvas")!;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, index) => index % 4 === 3 && value > 0).length;
  });
}
