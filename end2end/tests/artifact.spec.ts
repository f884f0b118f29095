// Artifacts: the tree of files, previews, downloads.

import { readFile } from "node:fs/promises";
import { awake, expect, picture, test } from "../fixture";
import { fullRun, runningRun } from "../seed";

test.beforeEach(async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[fullRun]}?tab=artifacts`);
  await awake(page);
});

test("a picture is shown", async ({ page }) => {
  const files = page.getByRole("navigation", { name: "Files" });
  await files.getByRole("link", { name: /confusion\.png/ }).click();
  const image = page.getByRole("img", { name: "Preview of confusion.png" });
  await expect(image).toBeVisible();
  await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(160);
  await expect(page.getByRole("heading", { name: "confusion.png" })).toBeVisible();
  await picture(page, "run-artifact-image");
});

test("text, tables and JSON are shown as what they are", async ({ page }) => {
  const files = page.getByRole("navigation", { name: "Files" });
  await files.getByRole("link", { name: /report\.txt/ }).click();
  await expect(page.getByLabel("File content")).toContainText("worst pair: 4 and 9");
  await picture(page, "run-artifact-text");
  await files.getByRole("link", { name: /errors\.csv/ }).click();
  const table = page.getByRole("table", { name: "File content" });
  await expect(table.getByRole("cell", { name: "5, of which 3 as 4" })).toBeVisible();
  await picture(page, "run-artifact-table");
  await files.getByRole("link", { name: /settings\.json/ }).click();
  await expect(page.getByLabel("File content")).toContainText('"width": 64');
  await files.getByRole("link", { name: /weights\.bin/ }).click();
  await expect(page.getByRole("heading", { name: "No preview" })).toBeVisible();
});

test("a download has the file's name and bytes", async ({ page }) => {
  await page.getByRole("navigation", { name: "Files" }).getByRole("link", { name: /report\.txt/ }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("report.txt");
  expect(await readFile(await file.path(), "utf8")).toContain("accuracy 0.972");
});

test("a link to a file opens it, and the tree marks it", async ({ page }) => {
  await page.getByRole("navigation", { name: "Files" }).getByRole("link", { name: /errors\.csv/ }).click();
  await expect(page).toHaveURL(/path=tables/);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("table", { name: "File content" })).toBeVisible();
  await expect(page.getByRole("link", { name: /errors\.csv/ })).toHaveAttribute("aria-current", "true");
});

test("a file appears by itself", async ({ page, world, api }) => {
  const run = world.runs[runningRun];
  const name = `late-${test.info().project.name}.txt`;
  await page.goto(`/runs/${run}?tab=artifacts`);
  await awake(page);
  await api.artifact(run, name, "late, but here");
  await page.getByRole("link", { name: new RegExp(name) }).click();
  await expect(page.getByLabel("File content")).toHaveText("late, but here");
});
