// The page of one run: who it is, its params, its name and tags.

import { awake, expect, picture, test } from "../fixture";
import { divergedRun, fullRun, runningRun, sweep } from "../seed";

test("the overview tells what a run was and what came of it", async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[fullRun]}`);
  await awake(page);
  await expect(page.getByRole("heading", { level: 1, name: fullRun })).toBeVisible();
  const steps = page.getByRole("navigation", { name: "Breadcrumb" });
  await expect(steps.getByRole("link", { name: sweep })).toHaveAttribute(
    "href",
    `/experiments/${world.experiments[sweep]}`,
  );
  await expect(page.getByRole("region", { name: "Run" })).toContainText("completed");
  await expect(page.getByRole("table", { name: "Key metrics" }).getByRole("row", { name: "val/accuracy" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Params" })).toContainText("optimizer");
  await expect(page.getByRole("region", { name: "Note" })).toContainText("What came of it");
  await picture(page, "run-overview");
});

test("tabs are links that a reload keeps", async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[fullRun]}`);
  await awake(page);
  const tabs = page.getByRole("navigation", { name: "Run", exact: true });
  await tabs.getByRole("link", { name: /^Params/ }).click();
  await expect(page).toHaveURL(/tab=params/);
  await expect(tabs.getByRole("link", { name: /^Params/ })).toHaveAttribute("aria-current", "page");
  await page.reload();
  await awake(page);
  await expect(page.getByRole("table", { name: "Params" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("region", { name: "Note" })).toBeVisible();
});

test("params keep their types and are found by key and value", async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[fullRun]}?tab=params`);
  await awake(page);
  const table = page.getByRole("table", { name: "Params" });
  await expect(table.getByRole("row", { name: /^lr / })).toContainText("0.003");
  await expect(table.getByRole("row", { name: /^lr / })).toContainText("float");
  await expect(table.getByRole("row", { name: /^augment/ })).toContainText("false");
  await picture(page, "run-params");
  await page.getByRole("searchbox", { name: "Find a param or value" }).fill("ADAM");
  await expect(table.getByRole("row")).toHaveCount(2);
});

test("a run that runs and a run that failed say so", async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[runningRun]}`);
  await expect(page.getByRole("region", { name: "Run" })).toContainText("running");
  await page.goto(`/runs/${world.runs[divergedRun]}`);
  await expect(page.getByRole("region", { name: "Run" })).toContainText("failed");
  await expect(page.getByRole("row", { name: "train/loss" })).toContainText("NaN");
});

test("a run is renamed and tagged in place", async ({ page, api }) => {
  const id = await api.run("0", "first name");
  await page.goto(`/runs/${id}`);
  await awake(page);
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByRole("textbox", { name: "Run name" }).fill("second name");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "second name" })).toBeVisible();
  await page.getByRole("button", { name: "Tag" }).click();
  const dialog = page.getByRole("dialog", { name: "Tag this run" });
  await dialog.getByRole("textbox", { name: "Tags to add" }).fill("keep, phase: test");
  await dialog.getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("list", { name: "Tagged" })).toContainText("phase: test");
  const { run } = await api.send("GET", `/runs/${id}`);
  expect(run).toMatchObject({ name: "second name", tags: { keep: "", phase: "test" } });
});

test("a run's end shows without a reload", async ({ page, api }) => {
  const id = await api.run("0", "about to end");
  await page.goto(`/runs/${id}`);
  await awake(page);
  await expect(page.getByRole("region", { name: "Run" })).toContainText("running");
  await api.end(id, "completed");
  await expect(page.getByRole("region", { name: "Run" })).toContainText("completed");
});

test.describe("what is not there", () => {
  test.use({ expected: [/status of 404/] });

  test("an unknown run is a clear 404", async ({ page }) => {
    for (const id of ["0".repeat(32), "not-a-run"]) {
      const answer = await page.goto(`/runs/${id}`);
      expect(answer?.status()).toBe(404);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    }
  });
});
