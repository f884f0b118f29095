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

test("columns come from all that any run has, show the number asked for, and move", async ({ page, api, isMobile }) => {
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
  // Fingers scroll the table; they drag nothing in it.
  if (isMobile) return;
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

test("runs are archived with a key, shown again, and brought back", async ({ page, api }) => {
  const id = await tried(api, "put aside");
  await page.goto(`/experiments/${id}?filter=name%20~%20%27try-0%5B0-5%5D%27`);
  await awake(page);
  await expect(rows(page)).toHaveCount(6);
  await rows(page).nth(0).check();
  await rows(page).nth(1).check();
  const bulk = page.getByRole("region", { name: "Selected runs" });
  await expect(bulk.getByRole("button", { name: "Restore" })).toHaveCount(0);
  await page.keyboard.press("e");
  await expect(page.getByText("Archived: 2 runs")).toBeVisible();
  await expect(rows(page)).toHaveCount(4);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(rows(page)).toHaveCount(6);
  await rows(page).nth(0).check();
  await rows(page).nth(1).check();
  await bulk.getByRole("button", { name: "Archive", exact: true }).click();
  await expect(rows(page)).toHaveCount(4);

  const shown = page.getByRole("checkbox", { name: "Archived", exact: true });
  await shown.check();
  await expect(page).toHaveURL(/archived=1/);
  await expect(rows(page)).toHaveCount(6);
  await expect(page.getByRole("rowheader").filter({ hasText: "archived" })).toHaveCount(2);
  await rows(page).nth(0).check();
  await rows(page).nth(3).check();
  await expect(bulk.getByRole("button", { name: "Archive", exact: true })).toBeVisible();
  await expect(bulk.getByRole("button", { name: "Restore" })).toBeVisible();
  await picture(page, "runs-archived");
  await bulk.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("Restored: 2 runs")).toBeVisible();
  await shown.uncheck();
  await expect(rows(page)).toHaveCount(5);
  await query(page).fill("archived = true");
  await expect(rows(page)).toHaveCount(1);
});

test("a run's page archives it, says so, and brings it back", async ({ page, api }) => {
  const experiment = await api.experiment(`one aside ${test.info().project.name}`);
  const id = await api.run(experiment, "try-alone");
  await page.goto(`/runs/${id}`);
  await awake(page);
  await page.keyboard.press("e");
  const notice = page.getByRole("status").filter({ hasText: "This run is archived" });
  await expect(notice).toBeVisible();
  await picture(page, "run-archived");
  await page.goto(`/experiments/${experiment}`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "All runs are archived" })).toBeVisible();
  await picture(page, "runs-all-archived");
  await page.getByRole("link", { name: "Show them" }).click();
  await expect(rows(page)).toHaveCount(1);
  await page.goto(`/runs/${id}`);
  await awake(page);
  await notice.getByRole("button", { name: "Restore" }).click();
  await expect(notice).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Archive", exact: true })).toBeVisible();
});

test("runs move to another experiment, and back", async ({ page, api }) => {
  const there = await api.experiment(`destination ${test.info().project.name}`);
  const other = await page.context().newPage();
  await other.goto(`/experiments/${there}`);
  await awake(other);
  await page.bringToFront();
  await page.goto(`/experiments/${await tried(api, "left")}`);
  await awake(page);
  await rows(page).nth(0).check();
  await rows(page).nth(1).check();
  await page.getByRole("region", { name: "Selected runs" }).getByRole("button", { name: "Move" }).click();
  await page.getByRole("dialog").getByLabel("Experiment").fill(`destination ${test.info().project.name}`);
  await page.getByRole("dialog").getByRole("button", { name: `destination ${test.info().project.name}` }).click();
  await expect(rows(page)).toHaveCount(tries - 2);
  await expect(rows(other)).toHaveCount(2);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(page.getByText("Undone: 2 runs back")).toBeVisible();
  await expect(rows(page)).toHaveCount(tries);
  await expect(rows(other)).toHaveCount(0);
});

// Many runs in one table: only those in view are in the document.

const many = 3000;

/** An experiment with so many runs, the newest with the highest number. Each run's `acc` rises with it. */
async function crowd(api: Api, name: string, count: number): Promise<{ id: string; runs: string[] }> {
  const id = await api.experiment(`${name} ${test.info().project.name}`);
  const runs: string[] = [];
  for (let from = 0; from < count; from += 50) {
    const numbers = Array.from({ length: Math.min(50, count - from) }, (_, index) => from + index);
    const ids: string[] = [];
    for (const number of numbers) ids.push(await api.run(id, `crowd-${String(number).padStart(4, "0")}`));
    const series = ids.map((run_id, index) => ({
      run_id,
      key: "acc",
      steps: [0],
      times_ms: [Date.UTC(2026, 0, 15)],
      values: [(from + index) / count],
    }));
    const facts = ids.map((run_id, index) => ({ run_id, params: { seed: from + index, batch: 32 } }));
    await api.send("POST", "/ingest", { series, runs: facts });
    runs.push(...ids);
  }
  return { id, runs };
}

const scroller = (page: Page) => page.getByRole("region", { name: "Table of runs" });
const drawn = (page: Page) => page.locator(".run-table tbody:last-of-type tr[data-place]");
const runRow = (page: Page, name: string) => page.locator(".run-table tbody:last-of-type tr", { hasText: name });

async function scrollTo(page: Page, top: number) {
  await scroller(page).evaluate((element, top) => element.scrollTo(0, top), top);
}

/** Where a row stands on the screen, in pixels from the top. */
const heightOf = async (page: Page, name: string) => (await runRow(page, name).boundingBox())!.y;

test("thousands of runs scroll in one table, of which only those in view are in the document", async ({ page, api, isMobile }) => {
  test.slow();
  const { id } = await crowd(api, "crowded", many);
  await page.goto(`/experiments/${id}`);
  await awake(page);
  await expect(page.getByRole("navigation", { name: "Pages" })).toHaveCount(0);
  await expect(page.getByText(`of 3\u202f000 runs`)).toBeVisible();
  expect(await drawn(page).count()).toBeLessThan(100);
  await expect(page.getByRole("table", { name: "Runs" })).toHaveAttribute("aria-rowcount", String(many + 1));
  // To the end at once, as the scrollbar does.
  await scrollTo(page, 10_000_000);
  await expect(runRow(page, "crowd-0000")).toBeVisible();
  await expect(runRow(page, "crowd-0000")).toContainText("0");
  expect(await drawn(page).count()).toBeLessThan(100);
  const height = await scroller(page).evaluate((element) => element.scrollHeight);
  expect(height).toBeGreaterThanOrEqual(many * 32);
  expect(height).toBeLessThan(many * 32 + 200);
  // The link and Back lead to the place again.
  await scrollTo(page, 1000 * 32);
  await expect(runRow(page, "crowd-1995")).toBeVisible();
  await expect(page).toHaveURL(/offset=1000/);
  await runRow(page, "crowd-1995").getByRole("link", { name: "crowd-1995" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "crowd-1995" })).toBeVisible();
  await page.goBack();
  await expect(runRow(page, "crowd-1995")).toBeInViewport();
  if (isMobile) return;
  // Keys walk on across what was fetched together.
  await runRow(page, "crowd-1995").getByRole("link", { name: "crowd-1995" }).focus();
  for (let step = 0; step < 120; step += 1) await page.keyboard.press("j");
  await expect(page.getByRole("link", { name: "crowd-1875", exact: true })).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.getByRole("checkbox", { name: "Select crowd-1875" })).toBeChecked();
  await page.keyboard.press("End");
  await expect(page.getByRole("link", { name: "crowd-0000", exact: true })).toBeFocused();
  await page.keyboard.press("Home");
  await expect(page.getByRole("link", { name: "crowd-2999", exact: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "crowd-2999" })).toBeVisible();
});

test("runs that begin above what is read move nothing, and one click leads to them", async ({ page, api }) => {
  const { id, runs } = await crowd(api, "moving", 400);
  await page.goto(`/experiments/${id}`);
  await awake(page);
  await api.run(id, "seen at once");
  await expect(runRow(page, "seen at once")).toBeInViewport();
  await scrollTo(page, 201 * 32);
  await expect(runRow(page, "crowd-0195")).toBeVisible();
  const before = await heightOf(page, "crowd-0195");
  for (let number = 0; number < 12; number += 1) await api.run(id, `late-${number}`);
  const news = page.getByRole("button", { name: "12 new runs" });
  await expect(news).toBeVisible();
  expect(await heightOf(page, "crowd-0195")).toBe(before);
  // What changes in a row that is read shows there, and what leaves further up moves nothing either.
  await api.send("PATCH", `/runs/${runs[195]}`, { name: "renamed elsewhere" });
  await expect(runRow(page, "renamed elsewhere")).toBeVisible();
  await api.send("PATCH", "/runs", { ids: runs.slice(300, 305), trashed: true });
  await expect(page.getByText("of 408 runs")).toBeVisible();
  expect(await heightOf(page, "renamed elsewhere")).toBe(before);
  await picture(page, "runs-new-above");
  await news.click();
  await expect(runRow(page, "late-11")).toBeInViewport();
  await expect(news).toBeHidden();
});

test("a table that was empty fills again", async ({ page, api }) => {
  await page.goto(`/experiments/${await tried(api, "emptied")}`);
  await awake(page);
  await query(page).fill("name = 'nobody'");
  await expect(page.getByRole("heading", { name: "No run matches" })).toBeVisible();
  await query(page).fill("name = 'try-03'");
  await expect(rows(page)).toHaveCount(1);
  await query(page).fill("");
  await expect(rows(page)).toHaveCount(tries);
});

test("hundreds of columns are in the document only where they are in view", async ({ page, api, isMobile }) => {
  const id = await api.experiment(`wide ${test.info().project.name}`);
  const keys = Array.from({ length: 150 }, (_, index) => `m${String(index).padStart(3, "0")}`);
  for (const name of ["one", "two"]) {
    const run = await api.run(id, name);
    await api.log(run, Object.fromEntries(keys.map((key, index) => [key, [index]])));
  }
  await page.goto(`/experiments/${id}?cols=${keys.map((key) => `metrics.${key}`).join(",")}`);
  await awake(page);
  const heads = page.locator(".run-table th.run-table__logged");
  await expect.poll(() => heads.count()).toBeLessThan(40);
  await expect(page.getByRole("table", { name: "Runs" })).toHaveAttribute("aria-colcount", "156");
  await scroller(page).evaluate((element) => element.scrollTo(100_000, 0));
  await expect(head(page, "metric m149")).toBeInViewport();
  await expect(runRow(page, "two").getByText("149")).toBeInViewport();
  await expect.poll(() => heads.count()).toBeLessThan(40);
  if (isMobile) return;
  await expect(page.getByRole("link", { name: "two", exact: true })).toBeInViewport();
});

test("a column is made wider, fitted, and put to the left", async ({ page, api, isMobile }) => {
  test.skip(isMobile, "a phone has no edges to drag");
  await page.goto(`/experiments/${await tried(api, "widened")}?cols=params.lr,metrics.acc,metrics.val%2Floss`);
  await awake(page);
  const acc = head(page, "metric acc");
  const width = async () => (await acc.boundingBox())!.width;
  const before = await width();
  const edge = (await acc.locator(".run-table__edge").boundingBox())!;
  await page.mouse.move(edge.x + 5, edge.y + 10);
  await page.mouse.down();
  await page.mouse.move(edge.x + 65, edge.y + 10, { steps: 5 });
  await page.mouse.up();
  await expect(page).toHaveURL(/w=\d+:metrics\.acc/);
  expect(await width()).toBe(before + 60);
  await page.reload();
  await awake(page);
  expect(await width()).toBe(before + 60);
  await acc.locator(".run-table__edge").dblclick();
  await expect.poll(width).toBeLessThan(before + 60);
  await page.locator("summary", { hasText: "Columns" }).click();
  await page.getByRole("button", { name: "Keep val/loss at the left" }).click();
  await expect(page).toHaveURL(/left=metrics/);
  const order = await page.locator(".run-table thead th").allInnerTexts();
  expect(order.findIndex((name) => name.includes("val/loss"))).toBe(2);
});

test("runs stay on top, and others are compared with a baseline in the table", async ({ page, api }) => {
  const id = await tried(api, "on top");
  await page.goto(`/experiments/${id}?cols=params.lr,metrics.acc,metrics.val%2Floss.min`);
  await awake(page);
  const more = async (name: string, item: string) => {
    await runRow(page, name).getByRole("button", { name: `More on ${name}` }).click();
    await page.getByRole("menu").getByRole("menuitem", { name: item }).click();
  };
  await more("try-03", "Pin on top");
  await more("try-05", "Use as baseline");
  const top = page.locator(".run-table__pinned tr");
  await expect(top).toHaveCount(2);
  await expect(top.first()).toContainText("try-05");
  await expect(top.first()).toContainText("baseline");
  await expect(top.nth(1)).toContainText("try-03");
  // acc of try-07 is 0.35, of try-05 it is 0.25; val/loss is 0.57 against 0.55.
  await expect(runRow(page, "try-07").locator(".delta--better")).toHaveText("+0.1000 better");
  await expect(runRow(page, "try-07").locator(".delta--worse")).toHaveText("+0.02000 worse");
  await expect(runRow(page, "try-05").locator(".delta:not(.delta--none)")).toHaveCount(0);
  await picture(page, "runs-baseline");
  await query(page).fill("params.seed >= 9");
  await expect(rows(page)).toHaveCount(5);
  await expect(top).toHaveCount(2);
  await page.reload();
  await expect(top.first()).toContainText("try-05");
});

test("only differences hides what is the same in all runs that match", async ({ page, api }) => {
  const id = await tried(api, "differing");
  await page.goto(`/experiments/${id}?cols=params.lr,params.optimizer,params.%22batch%20size%22,metrics.acc`);
  await awake(page);
  await page.getByRole("link", { name: "Only differences" }).click();
  await expect(head(page, "param batch size")).toHaveCount(0);
  await expect(head(page, "param optimizer")).toBeVisible();
  await expect(page.getByRole("link", { name: "Only differences" })).toContainText("1 hidden");
  await query(page).fill("params.optimizer = 'sgd'");
  await expect(head(page, "param optimizer")).toHaveCount(0);
  await expect(head(page, "param lr")).toBeVisible();
});

test("a run is renamed, coloured, tagged and hidden in its row", async ({ page, api, isMobile }) => {
  const id = await tried(api, "edited");
  await page.goto(`/experiments/${id}`);
  await awake(page);
  const more = async (name: string, item: string) => {
    await runRow(page, name).getByRole("button", { name: `More on ${name}` }).click();
    await page.getByRole("menu").getByRole("menuitem", { name: item }).click();
  };
  await more("try-04", "Rename");
  await page.getByRole("textbox", { name: "Run name" }).fill("never mind");
  await page.keyboard.press("Escape");
  await expect(runRow(page, "try-04")).toBeVisible();
  if (isMobile) await more("try-04", "Rename");
  else await page.keyboard.press("F2");
  await page.getByRole("textbox", { name: "Run name" }).fill("the good one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "the good one", exact: true })).toBeVisible();
  await expect(page).toHaveURL(/experiments/);
  await runRow(page, "the good one").getByRole("button", { name: "Colour of the good one" }).click();
  // A phone's picture changes the size of the window, which closes the menu.
  if (!isMobile) await picture(page, "run-colours");
  await page.getByRole("menuitemradio", { name: "Colour 10" }).click();
  await expect(runRow(page, "the good one").locator(".swatch")).toHaveClass(/run-color-9/);
  await more("the good one", "Tag");
  await page.getByRole("dialog").getByRole("textbox", { name: "Tags to add" }).fill("kept");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  const { items } = await api.send("GET", `/runs?experiment_id=${id}&filter=${encodeURIComponent("tags.kept = ''")}`);
  expect(items).toHaveLength(1);
  expect(items[0].run).toMatchObject({ name: "the good one", color: 9 });
  // What is hidden is not compared.
  for (const name of ["try-01", "try-02", "try-03"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await more("try-02", "Hide");
  await page.getByRole("button", { name: /^Compare/ }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare 2 runs" })).toBeVisible();
  await page.goto(`/runs/${items[0].run.id}`);
  await expect(page.locator(".page-head .swatch")).toHaveClass(/run-color-9/);
});

test("a note is written in the table, and what is left unsaved is kept", async ({ page, api }) => {
  const id = await tried(api, "noted");
  await page.goto(`/experiments/${id}`);
  await awake(page);
  const dialog = page.getByRole("dialog", { name: "Note of try-03" });
  const text = dialog.getByRole("textbox", { name: "Markdown" });
  const open = async () => {
    await runRow(page, "try-03").getByRole("button", { name: "More on try-03" }).click();
    await page.getByRole("menu").getByRole("menuitem", { name: "Note" }).click();
  };
  await open();
  await text.fill("**Diverged** at step 900");
  await expect(dialog.locator(".note__preview strong")).toHaveText("Diverged");
  expect(await dialog.evaluate((one) => one.matches(":modal")), "nothing else is in reach").toBe(true);
  await picture(page, "runs-note");
  await dialog.getByRole("button", { name: "Save note" }).click();
  await expect(dialog).toBeHidden();
  await open();
  await expect(text).toHaveValue("**Diverged** at step 900");
  await text.fill("**Diverged** at step 900, as try-04 did");
  const kept = page.waitForResponse(/note\/update/);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await kept;
  await open();
  await expect(text).toHaveValue(/as try-04 did$/);
  await dialog.getByRole("button", { name: "Close" }).click();
  await runRow(page, "try-03").getByRole("link", { name: "try-03" }).click();
  await expect(page.getByRole("region", { name: "Note" })).toContainText("Diverged at step 900, as try-04 did");
});

test("shift selects a range, and the order of picking stays", async ({ page, api, isMobile }) => {
  test.skip(isMobile, "a phone has no shift key");
  await page.goto(`/experiments/${await tried(api, "ranged")}`);
  await awake(page);
  const box = (name: string) => page.getByRole("checkbox", { name: `Select ${name}` });
  await box("try-00").click();
  await box("try-09").click();
  await box("try-06").click({ modifiers: ["Shift"] });
  const bulk = page.getByRole("region", { name: "Selected runs" });
  await expect(bulk).toContainText("5 runs selected");
  await page.getByRole("button", { name: /^Compare/ }).click();
  await expect(page.getByRole("list", { name: "Compared runs" }).getByRole("listitem").first()).toContainText("try-00");
  await page.goBack();
  await awake(page);
  await page.getByRole("checkbox", { name: "Select all runs that match" }).check();
  await expect(bulk).toContainText("12 runs selected");
  await bulk.getByRole("button", { name: "Select none" }).click();
  await expect(bulk).toBeHidden();
});

// Groups over seeds: what a setting is worth, whatever the seed.
/** Two learning rates by three seeds; one run diverged. */
async function seeded(api: Api, name: string): Promise<string> {
  const id = await api.experiment(`${name} ${test.info().project.name}`);
  for (const lr of [0.1, 0.01]) {
    for (const seed of [1, 2, 3]) {
      const run = await api.run(id, `lr ${lr} seed ${seed}`);
      const diverged = lr === 0.1 && seed === 3;
      await api.log(run, { "val/loss": [9, diverged ? "NaN" : lr * 10 + seed / 10], acc: [0, 1 - lr] }, 0, {
        lr,
        seed,
        arch: "resnet",
      });
      await api.end(run, "completed");
    }
  }
  return id;
}

const groups = (page: Page) => page.getByRole("table", { name: "Groups of runs" });
const group = (page: Page, name: string) => groups(page).getByRole("row").filter({ has: page.getByRole("link", { name: `${name}: show its runs only` }) });

test("runs are grouped over their seeds, opened in place and followed", async ({ page, api }) => {
  const id = await seeded(api, "grouped");
  await page.goto(`/experiments/${id}?cols=metrics.val%2Floss,metrics.acc`);
  await awake(page);
  await page.locator("summary", { hasText: "Group" }).click();
  await page.getByRole("link", { name: "All but seed" }).click();
  await expect(page).toHaveURL(/group=all%20but%20params\.seed/);
  await page.keyboard.press("Escape");
  const low = group(page, "lr 0.01");
  // 0.2, 0.3 and 0.4: mean 0.3, standard deviation 0.1, t of two degrees of freedom 4.303.
  await expect(low.getByRole("cell").nth(2)).toHaveText(/0\.3000\s*±0\.25 best/);
  await expect(low.getByRole("cell").nth(1)).toHaveText("3");
  const high = group(page, "lr 0.1");
  await expect(high.getByRole("cell").nth(2)).toHaveText(/1 not finite\s*1\.150\s*±0\.64/);
  await expect(high.getByRole("cell").nth(2)).toHaveAttribute("title", /of 2 runs · 1 NaN, infinite or no number/);
  await expect(groups(page).getByRole("columnheader", { name: "mean of metric val/loss" })).toHaveAttribute("aria-sort", "ascending");
  await accessible(page);
  await picture(page, "groups");
  const turn = page.getByRole("button", { name: "Runs of lr 0.1", exact: true });
  await turn.focus();
  await page.keyboard.press("Enter");
  await expect(turn).toHaveAttribute("aria-expanded", "true");
  await expect(groups(page).getByRole("link", { name: /^lr 0\.1 seed \d$/ })).toHaveCount(3);
  await picture(page, "group-open");
  const extra = await api.run(id, "lr 0.1 seed 4");
  await api.log(extra, { "val/loss": [9, 1.3], acc: [0, 0.9] }, 0, { lr: 0.1, seed: 4, arch: "resnet" });
  await expect(groups(page).getByRole("link", { name: /^lr 0\.1 seed \d$/ })).toHaveCount(4);
  await expect(high.getByRole("cell").nth(1)).toHaveText("4");
  await groups(page).getByRole("link", { name: "lr 0.1 seed 2" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "lr 0.1 seed 2" })).toBeVisible();
  await page.goBack();
  await group(page, "lr 0.01").getByRole("link").click();
  await expect(page.getByRole("combobox", { name: "Query" })).toHaveValue("params.lr = 0.01");
  await expect(page.getByRole("table", { name: "Runs", exact: true }).getByRole("checkbox", { name: /^Select lr/ })).toHaveCount(3);
});

test("groups are chosen by ticks and by text, sorted, and taken away again", async ({ page, api }) => {
  await page.goto(`/experiments/${await seeded(api, "chosen")}?cols=metrics.acc`);
  await awake(page);
  await page.locator("summary", { hasText: "Group" }).click();
  const tick = (name: string) => page.getByRole("checkbox", { name });
  await tick("lr param").click();
  await expect(page).toHaveURL(/group=params\.lr/);
  await expect(tick("lr param")).toBeChecked();
  await expect(tick("seed param")).not.toBeChecked();
  await tick("status run").click();
  await expect(groups(page).getByRole("columnheader")).toHaveCount(5);
  const text = page.getByRole("textbox", { name: "Written out" });
  await expect(text).toHaveValue("params.lr, status");
  await text.fill("params.seed, started");
  await expect(page.getByRole("form", { name: "Group by" })).toContainText("nearly every run has a started of its own");
  await text.fill("params.seed");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(groups(page).getByRole("row")).toHaveCount(4);
  await groups(page).getByRole("columnheader", { name: "param seed" }).getByRole("link").click();
  await expect(page).toHaveURL(/sort=params\.seed/);
  await groups(page).getByRole("columnheader", { name: "param seed" }).getByRole("link").click();
  await expect(groups(page).getByRole("rowheader").first()).toHaveText("3");
  await page.reload();
  await expect(groups(page).getByRole("rowheader").first()).toHaveText("3");
  await page.getByRole("link", { name: "Ungroup: by params.seed" }).click();
  await expect(page.getByRole("table", { name: "Runs", exact: true })).toBeVisible();
});

test("key metrics have curves, tags are edited in place, and another run is found to compare with", async ({ page, api }) => {
  const experiment = await api.experiment(`compared ${test.info().project.name}`);
  const other = await api.run(experiment, "the other one");
  const id = await api.run(experiment, "this one", { tags: { phase: "test" } });
  const values = Array.from({ length: 200 }, (_, index) => Math.exp(-index / 40) + Math.sin(index) / 20);
  await api.log(id, { loss: values, "val/accuracy": values.map((value) => 1 - value) }, 0, { lr: 0.1 });
  await api.send("PUT", `/runs/${id}/environment`, {
    git: { commit: "3f2a9c1d5b7e8f0a1b2c", branch: "wider-net", dirty: true },
    command: ["python", "train.py"],
    host: { name: "gpu-node-7" },
  });
  await page.goto(`/runs/${id}`);
  await awake(page);
  const run = page.getByRole("region", { name: "Run", exact: true });
  await expect(run).toContainText("3f2a9c1d5b7e");
  await expect(run).toContainText("wider-net");
  await expect(run).toContainText("gpu-node-7");
  const curve = page.getByRole("table", { name: "Key metrics" }).locator("svg path").first();
  await expect(curve).toHaveAttribute("d", /^M1\.0 1\.5h\.01L/);
  await run.getByRole("textbox", { name: "Add tags" }).fill("keep, size: large");
  await run.getByRole("textbox", { name: "Add tags" }).press("Enter");
  await expect(run.getByRole("list", { name: "Tags of this run" })).toContainText("size: large");
  await run.getByRole("button", { name: "Remove tag phase: test" }).click();
  await expect(run.getByRole("list", { name: "Tags of this run" })).not.toContainText("phase");
  await picture(page, "run-overview-whole");
  await page.getByRole("button", { name: "Compare with…" }).click();
  const dialog = page.getByRole("dialog", { name: "Compare with which run?" });
  await dialog.getByRole("searchbox", { name: "Find a run" }).fill("OTHER");
  await picture(page, "run-compare-with");
  await dialog.getByRole("button", { name: /the other one/ }).click();
  await expect(page).toHaveURL(new RegExp(`/compare\\?runs=${id},${other}`));
});

test("metrics in numbers are a page at a time, and leave as files", async ({ page, api }) => {
  const id = await api.run("0", "many metrics");
  const metrics = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`layer${index}/norm`, [1, 3, 2]]));
  await api.log(id, metrics);
  await page.goto(`/runs/${id}?tab=metrics&search=norm`);
  await awake(page);
  const rows = page.getByRole("table", { name: "Metrics in numbers" }).getByRole("row");
  await expect(rows).toHaveCount(101);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Next" }).click();
  await expect(page).toHaveURL(/search=norm&offset=100/);
  await page.getByRole("searchbox", { name: "Find a metric" }).fill("layer42/");
  await expect(rows).toHaveCount(2);
  const whole = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV", exact: true }).click();
  expect((await whole).suggestedFilename()).toBe("many metrics-metrics.csv");
  const points = page.waitForEvent("download");
  await page.getByRole("link", { name: "All points of layer42/norm as CSV" }).click();
  expect((await points).suggestedFilename()).toBe("many metrics-points.csv");
});
