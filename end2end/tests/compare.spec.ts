// Comparison: runs chosen in the table, side by side.

import { awake, expect, picture, test } from "../fixture";
import { sweep } from "../seed";

const chosen = ["sweep-03", "sweep-08", "sweep-16"];

test("runs ticked in the table are compared in that order", async ({ page, world }) => {
  await page.goto(`/experiments/${world.experiments[sweep]}`);
  await awake(page);
  const button = page.getByRole("button", { name: "Compare" });
  await expect(button).toBeDisabled();
  for (const name of chosen) {
    await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  }
  await button.click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare 3 runs" })).toBeVisible();
  const compared = page.getByRole("list", { name: "Compared runs" });
  for (const [index, name] of chosen.entries()) {
    await expect(compared.getByRole("listitem").nth(index)).toContainText(name);
  }
});

test("differences are marked, and can be shown alone", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  const params = page.getByRole("table", { name: "Params side by side" });
  await expect(params.getByRole("row", { name: /^lr/ })).toContainText("differs");
  await expect(params.getByRole("row", { name: /^batch_size/ })).not.toContainText("differs");
  const metrics = page.getByRole("table", { name: /^Metrics side by side/ });
  await expect(metrics.getByRole("row", { name: /^val\/accuracy/ })).toContainText("best");
  const plot = page.getByRole("article", { name: "val/loss", exact: true }).getByRole("img");
  await plot.scrollIntoViewIfNeeded();
  await expect(plot).toHaveAccessibleName("val/loss: 3 lines");
  await picture(page, "compare");
  await page.getByRole("checkbox", { name: "Only differences" }).check();
  await expect(params.getByRole("row", { name: /^batch_size/ })).toHaveCount(0);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("checkbox", { name: "Only differences" })).toBeChecked();
});

test("a run is taken out of the comparison", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  await page.getByRole("link", { name: `Remove ${chosen[1]} from the comparison` }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare 2 runs" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Compared runs" })).not.toContainText(chosen[1]);
});

test("a comparison of nothing says how to begin", async ({ page }) => {
  await page.goto("/compare");
  await expect(page.getByRole("heading", { name: "Nothing to compare yet" })).toBeVisible();
  await picture(page, "compare-nothing");
});
