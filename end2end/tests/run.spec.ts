// The page of one run: who it is, its params, its name and tags.

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
