// The run table as a workplace: narrow by a query, order, choose columns, change many runs at once.

import type { Page } from "@playwright/test";
import { accessible, awake, expect, picture, test } from "../fixture";
import type { Api } from "../api";

const runs = 12;

/** An experiment of its own, because these stories change what they find. */
async function search(api: Api, name: string): Promise<string> {
  const id = await api.experiment(`${name} ${test.info().project.name}`);
  for (let index = 0; index < runs; index += 1) {
    const run = await api.run(id, `try-${String(index).padStart(2, "0")}`);
    const params = { lr: 10 ** -(1 + (index % 3)), optimizer: ["adam", "sgd"][index % 2], seed: index, "batch size": 32 };
    await api.log(run, { "val/loss": [1, 0.5 + index / 100], acc: [0.1, index / 20] }, 0, params);
    await api.end(run, "completed");
  }
  return id;
}

const query = (page: Page) => page.getByRole("combobox", { name: "Query" });
const rows = (page: Page) => page.getByRole("table", { name: "Runs" }).getByRole("checkbox", { name: /^Select try-/ });
const head = (page: Page, name: string) => page.getByRole("columnheader", { name, exact: true });

test("a query is written with the keyboard alone and narrows the table, and its link keeps it", async ({ page, api }) => {
  await page.goto(`/experiments/${await search(api, "narrowed")}`);
  await awake(page);
  await query(page).pressSequentially("params.opt");
  await expect(page.getByRole("option", { name: "params.optimizer" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(query(page)).toHaveValue("params.optimizer ");
  await query(page).pressSequentially("= ");
  await expect(page.getByRole("option")).toHaveText(["'adam'", "'sgd'"]);
  await picture(page, "query-completion");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(rows(page)).toHaveCount(runs / 2);
  await query(page).pressSequentially("and metrics.acc >= 0.4");
  await expect(rows(page)).toHaveCount(2);
  await accessible(page);
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
  await expect(query(page)).toHaveValue("params.optimizer = 'adam' and metrics.acc >= 0.4");
});

test("what is wrong with a query is marked in it, and the table stays", async ({ page, api }) => {
  await page.goto(`/experiments/${await search(api, "mistaken")}`);
  await awake(page);
  await query(page).fill("metrics.acc > 0.1 and metrics. > 2");
  const problem = page.locator("#query-error");
  await expect(problem).toContainText("expected a key after the dot");
  await expect(problem.locator("mark")).toHaveText("metrics.");
  await expect(query(page)).toHaveAttribute("aria-invalid", "true");
  await expect(rows(page)).toHaveCount(runs);
  await picture(page, "query-problem");
});

test("a click sorts by a column, with shift by another as well", async ({ page, api }) => {
  await page.goto(`/experiments/${await search(api, "sorted")}`);
  await awake(page);
  await head(page, "param optimizer").getByRole("link").click();
  await expect(page).toHaveURL(/sort=params\.optimizer/);
  await head(page, "metric acc").getByRole("link").click({ modifiers: ["Shift"] });
  await expect(rows(page).first()).toHaveAccessibleName("Select try-10");
  await expect(head(page, "param optimizer 1")).toHaveAttribute("aria-sort", "ascending");
  await expect(head(page, "metric acc 2")).toHaveAttribute("aria-sort", "descending");
});

test("columns come from all that any run has, show the number asked for, and move", async ({ page, api }) => {
  await page.goto(`/experiments/${await search(api, "columns")}?cols=params.lr,metrics.val%2Floss`);
  await awake(page);
  await page.locator("summary", { hasText: "Columns" }).click();
  const picker = page.getByRole("form", { name: "Columns" });
  await picker.getByRole("searchbox").fill("batch");
  await picker.getByRole("checkbox", { name: "batch size param" }).check();
  await expect(head(page, "param batch size")).toBeVisible();
  await picker.getByRole("combobox", { name: "Which number of val/loss" }).selectOption("min");
  await expect(head(page, "metric · min val/loss")).toBeVisible();
  await page.keyboard.press("Escape");
  await picture(page, "columns");
  await head(page, "param batch size").dragTo(head(page, "param lr"));
  await expect(page).toHaveURL(/cols=params\..*batch.*params\.lr/);
});

test("all runs that match are tagged, and some are thrown away and restored", async ({ page, api }) => {
  const id = await search(api, "changed");
  await page.goto(`/experiments/${id}?filter=params.optimizer%20%3D%20%27sgd%27`);
  await awake(page);
  await rows(page).first().check();
  const bulk = page.getByRole("region", { name: "Selected runs" });
  await bulk.getByRole("button", { name: "Select all 6 runs" }).click();
  await expect(bulk).toContainText("6 runs selected");
  await bulk.getByRole("button", { name: "Tag" }).click();
  await page.getByRole("dialog").getByLabel("Add").fill("phase: second");
  await page.getByRole("dialog").getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("Tagged: 6 runs")).toBeVisible();
  await expect(bulk).toBeHidden();
  await query(page).fill("tags.phase = 'second'");
  await expect(page).toHaveURL(/tags\.phase/);
  await expect(rows(page)).toHaveCount(6);
  await rows(page).first().check();
  await rows(page).nth(1).check();
  await picture(page, "runs-selected");
  await bulk.getByRole("button", { name: "Trash" }).click();
  await expect(rows(page)).toHaveCount(4);
  await page.getByRole("combobox", { name: "Runs or trash" }).selectOption("trash");
  await expect(rows(page)).toHaveCount(2);
  await rows(page).first().check();
  await bulk.getByRole("button", { name: "Select all 2 runs" }).click();
  await bulk.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("Restored: 2 runs")).toBeVisible();
  await page.getByRole("combobox", { name: "Runs or trash" }).selectOption("runs");
  await expect(rows(page)).toHaveCount(6);
});

test("runs move to another experiment", async ({ page, api }) => {
  const there = await api.experiment(`destination ${test.info().project.name}`);
  await page.goto(`/experiments/${await search(api, "left")}`);
  await awake(page);
  await rows(page).nth(0).check();
  await rows(page).nth(1).check();
  await page.getByRole("region", { name: "Selected runs" }).getByRole("button", { name: "Move" }).click();
  await page.getByRole("dialog").getByLabel("Experiment").fill(`destination ${test.info().project.name}`);
  await page.getByRole("dialog").getByRole("button", { name: `destination ${test.info().project.name}` }).click();
  await expect(rows(page)).toHaveCount(runs - 2);
  await page.goto(`/experiments/${there}`);
  await expect(rows(page)).toHaveCount(2);
});
