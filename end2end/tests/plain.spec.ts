// Pages without JavaScript: everything that is to be read can be read, and links and filters work.

import { expect, test } from "../fixture";
import { baseline, fullRun, sweep } from "../seed";

test.use({ javaScriptEnabled: false });

test("lists are readable and lead to runs", async ({ page }) => {
  await page.goto("/experiments?sort=created&reverse=true");
  await page.getByRole("link", { name: sweep, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: sweep })).toBeVisible();
  await page.getByRole("link", { name: fullRun, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: fullRun })).toBeVisible();
  await page.getByRole("navigation", { name: "Run", exact: true }).getByRole("link", { name: /^Metrics/ }).click();
  await expect(page.getByRole("row", { name: /^val\/accuracy/ })).toBeVisible();
});

test("filters are forms", async ({ page }) => {
  await page.goto("/experiments");
  await page.getByRole("searchbox", { name: "Search name and description" }).fill("read digits");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("link", { name: sweep, exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: baseline, exact: true })).toHaveCount(0);
});

test("groups of runs are read, and lead to their runs", async ({ page, world }) => {
  await page.goto(`/experiments/${world.experiments[sweep]}`);
  await page.locator("summary", { hasText: "Group" }).click();
  await page.getByRole("textbox", { name: "Written out" }).fill("params.optimizer");
  await page.getByRole("form", { name: "Group by" }).getByRole("button", { name: "Apply" }).click();
  const groups = page.getByRole("table", { name: "Groups of runs" });
  await expect(groups.getByRole("columnheader", { name: /^param optimizer/ })).toBeVisible();
  await groups.getByRole("link", { name: "optimizer adam: show its runs only" }).click();
  await expect(page.getByRole("combobox", { name: "Query" })).toHaveValue("params.optimizer = 'adam'");
});

test("runs are compared by a form", async ({ page, world }) => {
  await page.goto(`/experiments/${world.experiments[sweep]}`);
  await page.getByRole("checkbox", { name: "Select sweep-03" }).check();
  await page.getByRole("checkbox", { name: "Select sweep-08" }).check();
  await page.getByRole("button", { name: "Compare" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare 2 runs" })).toBeVisible();
  await expect(page.getByRole("row", { name: /^lr/ }).first()).toBeVisible();
});
