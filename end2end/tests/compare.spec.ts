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
  await expect(page.getByRole("link", { name: /^Params/ }).last()).toContainText(/of \d+ differ/);
  await picture(page, "compare");
  await page.getByRole("navigation", { name: "Comparison" }).getByRole("link", { name: "Params" }).click();
  const params = page.getByRole("table", { name: "Params side by side" });
  await expect(params.getByRole("row", { name: /^lr/ })).toContainText("differs");
  await expect(params.getByRole("row", { name: /^batch_size/ })).not.toContainText("differs");
  await page.getByRole("checkbox", { name: "Only differences" }).check();
  await expect(params.getByRole("row", { name: /^batch_size/ })).toHaveCount(0);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("checkbox", { name: "Only differences" })).toBeChecked();
  await picture(page, "compare-params");
});

test("metrics are held against a run that one chooses, at a step that one chooses", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}&view=metrics`);
  await awake(page);
  const accuracy = page.getByRole("table", { name: "Metrics side by side" }).getByRole("row", { name: /^val\/accuracy/ });
  await expect(accuracy).toContainText("best");
  await page.getByRole("combobox", { name: "Against" }).selectOption({ label: chosen[2] });
  await expect(page).toHaveURL(new RegExp(`base=${ids[2]}`));
  await expect(accuracy.getByRole("cell").nth(2)).not.toContainText(/[+−±]/);
  await expect(accuracy.getByRole("cell").nth(0)).toContainText(/[+−±]/);
  await page.getByRole("combobox", { name: "Value" }).selectOption({ label: "At a step" });
  const last = await accuracy.getByRole("cell").nth(2).textContent();
  await page.getByRole("spinbutton", { name: "Step" }).fill("3");
  await page.getByRole("spinbutton", { name: "Step" }).press("Enter");
  await expect(page).toHaveURL(/step=3/);
  await expect(accuracy.getByRole("cell").nth(2)).not.toHaveText(last ?? "");
  await picture(page, "compare-metrics");
});

test("curves of the runs are drawn together", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}&view=curves`);
  await awake(page);
  const plot = page.getByRole("article", { name: "val/loss", exact: true }).getByRole("img");
  await plot.scrollIntoViewIfNeeded();
  await expect(plot).toHaveAccessibleName("val/loss: 3 lines");
});

test("what changed between two runs is ranked, with the step at which curves part", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  await page.getByRole("link", { name: "What changed?" }).click();
  const list = page.getByRole("table", { name: "Differences" });
  await expect(list.getByRole("row").nth(1)).toContainText("steers training");
  await expect(page.getByRole("table", { name: "Where the curves part" })).toContainText(/step \d+/);
  await page.getByText("How this was found").click();
  await expect(page.getByText("CUSUM")).toBeVisible();
  await picture(page, "compare-changes");
});

test("two groups over seeds get a verdict in words", async ({ page, api }) => {
  const experiment = await api.experiment("seeds of two optimizers");
  const ids: string[] = [];
  for (const [group, optimizer] of ["adam", "sgd"].entries()) {
    for (let seed = 0; seed < 5; seed += 1) {
      const id = await api.run(experiment, `${optimizer}-${seed}`);
      const accuracy = 0.9 + group * 0.02 + (seed % 3) * 0.004 + ((seed * 7 + group * 3) % 5) * 0.001;
      await api.log(id, { accuracy: [accuracy] }, 0, { optimizer, seed });
      ids.push(id);
    }
  }
  await page.goto(`/compare?runs=${ids.join(",")}&view=groups`);
  await awake(page);
  const result = page.getByRole("table", { name: "Group A against group B" });
  await expect(result.getByRole("row", { name: /^accuracy/ })).toContainText(/B is better by 0\.0\d+ ± .*n = 5 pairs/);
  await picture(page, "compare-groups");
  await page.getByRole("link", { name: "adam-0 in no group" }).click();
  await expect(result.getByRole("row", { name: /^accuracy/ })).toContainText("n = 4 and 5");
});

test("the table is taken along as a file and as Markdown", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}&view=params`);
  await awake(page);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toBe("compare-params.csv");
  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await expect(page.getByText("Copied the table as Markdown")).toBeVisible();
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
