// The page of one run: who it is, its params, its name and tags.

import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import type { Api } from "../api";
import { accessible, awake, expect, picture, test } from "../fixture";
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

// The run table as a workplace: narrow by a query, order, choose columns, change many runs at once.
const tries = 12;

/** An experiment of its own, because these stories change what they find. */
async function tried(api: Api, name: string): Promise<string> {
  const id = await api.experiment(`${name} ${test.info().project.name}`);
  for (let index = 0; index < tries; index += 1) {
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
  await page.goto(`/experiments/${await tried(api, "narrowed")}`);
  await awake(page);
  await query(page).pressSequentially("params.opt");
  await expect(page.getByRole("option", { name: "params.optimizer" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(query(page)).toHaveValue("params.optimizer ");
  await query(page).pressSequentially("= ");
  await expect(page.getByRole("listbox").getByRole("option")).toHaveText(["'adam'", "'sgd'"]);
  await picture(page, "query-completion");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(rows(page)).toHaveCount(tries / 2);
  await query(page).pressSequentially("and metrics.acc >= 0.4");
  await expect(rows(page)).toHaveCount(2);
  await accessible(page);
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
  await expect(query(page)).toHaveValue("params.optimizer = 'adam' and metrics.acc >= 0.4");
});

test("what is wrong with a query is marked in it, and the table stays", async ({ page, api }) => {
  await page.goto(`/experiments/${await tried(api, "mistaken")}`);
  await awake(page);
  await query(page).fill("metrics.acc > 0.1 and metrics. > 2");
  const problem = page.locator("#query-error");
  await expect(problem).toContainText("expected a key after the dot");
  await expect(problem.locator("mark")).toHaveText("metrics.");
  await expect(query(page)).toHaveAttribute("aria-invalid", "true");
  await expect(rows(page)).toHaveCount(tries);
  await picture(page, "query-problem");
});

test("a click sorts by a column, with shift by another as well", async ({ page, api }) => {
  await page.goto(`/experiments/${await tried(api, "sorted")}`);
  await awake(page);
  await head(page, "param optimizer").getByRole("link").click();
  await expect(page).toHaveURL(/sort=params\.optimizer/);
  await head(page, "metric acc").getByRole("link").click({ modifiers: ["Shift"] });
  await expect(rows(page).first()).toHaveAccessibleName("Select try-10");
  await expect(head(page, "param optimizer 1")).toHaveAttribute("aria-sort", "ascending");
  await expect(head(page, "metric acc 2")).toHaveAttribute("aria-sort", "descending");
});

test("columns come from all that any run has, show the number asked for, and move", async ({ page, api }) => {
  await page.goto(`/experiments/${await tried(api, "columns")}?cols=params.lr,metrics.val%2Floss`);
  await awake(page);
  await page.locator("summary", { hasText: "Columns" }).click();
  const picker = page.getByRole("form", { name: "Columns" });
  await picker.getByRole("searchbox").fill("batch");
  await picker.getByRole("checkbox", { name: "batch size param" }).check();
  await expect(head(page, "param batch size")).toBeVisible();
  await picker.getByRole("combobox", { name: "Which number of val/loss" }).selectOption("min");
  await expect(head(page, "metric · min val/loss")).toBeVisible();
  await picture(page, "columns");
  await page.locator("summary", { hasText: "Columns" }).click();
  await head(page, "param batch size").dragTo(head(page, "param lr"));
  await expect(page).toHaveURL(/cols=params\..*batch.*params\.lr/);
});

test("what the table shows is saved as a file and copied as Markdown", async ({ page, api, context }) => {
  await page.goto(`/experiments/${await tried(api, "exported")}?cols=params.lr,metrics.acc`);
  await awake(page);
  await query(page).fill("name ~ '^try-0[0-4]$'");
  await expect(rows(page)).toHaveCount(5);
  await page.locator("summary", { hasText: "Export" }).click();
  const menu = page.getByRole("group", { name: "Export", exact: true });
  await expect(menu).toContainText("5 runs");
  await accessible(page);
  await picture(page, "export");
  const saved = async (name: string) => {
    const download = page.waitForEvent("download");
    await menu.getByRole("link", { name }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^exported .*-runs\.csv$/);
    const lines = (await readFile(await file.path(), "utf8")).trimEnd().split("\r\n");
    return lines.map((line) => line.split(","));
  };
  const shown = await saved("CSV, with the columns shown");
  expect(shown[0]?.slice(-2)).toEqual(["params.lr", "metrics.acc"]);
  expect(shown.slice(1).map((cells) => cells[1])).toEqual(["try-04", "try-03", "try-02", "try-01", "try-00"]);
  await expect(menu).toBeHidden();
  await page.locator("summary", { hasText: "Export" }).click();
  const all = await saved("CSV, with all columns");
  expect(all[0]).toContain("params.optimizer");
  expect(all[0]?.length).toBeGreaterThan(shown[0]?.length ?? 0);

  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await rows(page).first().check();
  await page.locator("summary", { hasText: "Export" }).click();
  await menu.getByRole("button", { name: "Copy as Markdown" }).click();
  await expect(page.getByRole("status", { name: "Messages" })).toContainText("Copied 1 row as Markdown");
  const text = await page.evaluate(() => navigator.clipboard.readText());
  expect(text.split("\n")[0]).toBe("| Run | Status | Started | Duration | User | lr | acc |");
  expect(text.split("\n")[2]).toMatch(/^\| try-04 \| completed \| .* \| 0\.01 \| 0\.2 \|$/);
});

test("all runs that match are tagged, and some are thrown away and restored", async ({ page, api }) => {
  const id = await tried(api, "changed");
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
  await page.goto(`/experiments/${await tried(api, "left")}`);
  await awake(page);
  await rows(page).nth(0).check();
  await rows(page).nth(1).check();
  await page.getByRole("region", { name: "Selected runs" }).getByRole("button", { name: "Move" }).click();
  await page.getByRole("dialog").getByLabel("Experiment").fill(`destination ${test.info().project.name}`);
  await page.getByRole("dialog").getByRole("button", { name: `destination ${test.info().project.name}` }).click();
  await expect(rows(page)).toHaveCount(tries - 2);
  await page.goto(`/experiments/${there}`);
  await expect(rows(page)).toHaveCount(2);
});
