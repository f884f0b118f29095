// Experiments: finding, making, archiving them, and the table of their runs.

import { awake, expect, picture, test } from "../fixture";
import { archived, baseline, fullRun, longName, runCount, runningRun, sweep, untouched } from "../seed";

/** Other tests make more experiments than one page holds; those of the seed came first. */
const oldestFirst = "/experiments?sort=created&reverse=true";

test("the list shows every experiment but archived ones", async ({ page }) => {
  await page.goto(oldestFirst);
  await awake(page);
  const table = page.getByRole("table", { name: "Experiments" });
  for (const name of [sweep, baseline, longName, untouched]) {
    await expect(table.getByRole("link", { name, exact: true })).toBeVisible();
  }
  await expect(table.getByRole("link", { name: archived, exact: true })).toHaveCount(0);
  const row = table.getByRole("row", { name: sweep });
  await expect(row).toContainText("active");
  await expect(row.getByRole("img", { name: `${runCount - 4} completed, 1 running, 1 killed, 2 failed` })).toBeVisible();
  await picture(page, "experiments");
});

test("search, status and tag narrow the list, and the link keeps them", async ({ page }) => {
  await page.goto(oldestFirst);
  await awake(page);
  const table = page.getByRole("table", { name: "Experiments" });
  await page.getByRole("searchbox", { name: "Search name and description" }).fill("READ DIGITS");
  await expect(table.getByRole("link", { name: baseline, exact: true })).toHaveCount(0);
  await expect(table.getByRole("link", { name: sweep, exact: true })).toBeVisible();
  await expect(page).toHaveURL(/search=READ/);

  await page.goto(oldestFirst);
  await awake(page);
  await page.getByRole("combobox", { name: "Status" }).selectOption("archived");
  await expect(table.getByRole("link", { name: archived, exact: true })).toBeVisible();
  await expect(table.getByRole("link", { name: sweep, exact: true })).toHaveCount(0);

  await page.goto(oldestFirst);
  await awake(page);
  await page.getByRole("combobox", { name: "Tag" }).selectOption("phase: search");
  await expect(page.getByRole("link", { name: "Remove filter phase: search" })).toBeVisible();
  await expect(table.getByRole("link", { name: baseline, exact: true })).toHaveCount(0);
  await page.reload();
  await awake(page);
  await expect(table.getByRole("link", { name: sweep, exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Remove filter phase: search" }).click();
  await expect(table.getByRole("link", { name: baseline, exact: true })).toBeVisible();
});

test("a search without a match says so and leads back", async ({ page }) => {
  await page.goto("/experiments?search=no+such+thing");
  await awake(page);
  await expect(page.getByRole("heading", { name: "No experiment matches" })).toBeVisible();
  await picture(page, "experiments-no-match");
  await page.getByRole("link", { name: "Clear all filters" }).click();
  await expect(page.getByRole("table", { name: "Experiments" })).toBeVisible();
});

test("columns sort both ways", async ({ page }) => {
  await page.goto("/experiments");
  await awake(page);
  const head = page.getByRole("columnheader", { name: "Runs" });
  // Other tests add runs meanwhile, so the order is read and not known.
  const falls = () =>
    page.evaluate(() => {
      const heads = [...document.querySelectorAll("thead th")].map((one) => one.textContent?.trim() ?? "");
      const at = heads.findIndex((one) => one.startsWith("Runs"));
      const counts = [...document.querySelectorAll("tbody tr")].map((row) => Number((row.children[at].textContent ?? "").replace(/\D/g, "")));
      const pairs = counts.slice(1).map((count, place) => Math.sign(counts[place] - count));
      return { down: pairs.every((sign) => sign >= 0), up: pairs.every((sign) => sign <= 0) };
    });
  await head.getByRole("link").click();
  await expect(head).toHaveAttribute("aria-sort", "descending");
  await expect.poll(falls).toEqual({ down: true, up: false });
  await head.getByRole("link").click();
  await expect(head).toHaveAttribute("aria-sort", "ascending");
  await expect.poll(falls).toEqual({ down: false, up: true });
});

test("an experiment is made, edited, archived and restored", async ({ page, api }) => {
  const name = `made by hand ${test.info().project.name}`;
  await page.goto("/experiments");
  await awake(page);
  await page.getByRole("button", { name: "New experiment" }).click();
  const dialog = page.getByRole("dialog", { name: "New experiment" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  await dialog.getByRole("textbox", { name: "Tags" }).fill("by-hand, phase: test");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await expect(page).toHaveURL(/\/experiments\/\d+/);
  await expect(page.getByRole("list", { name: "Tagged" })).toContainText("phase: test");

  await page.getByRole("button", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: "Edit experiment" });
  await edit.getByRole("textbox", { name: "Description" }).fill("Said later.");
  await edit.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("main")).toContainText("Said later.");

  await page.getByRole("button", { name: "Archive" }).click();
  await expect(page.getByRole("main")).toContainText("archived");
  await page.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByRole("button", { name: "Archive" })).toBeVisible();
  const id = new URL(page.url()).pathname.split("/").pop();
  const saved = await api.send("GET", `/experiments/${id}`);
  expect(saved).toMatchObject({ name, description: "Said later.", tags: { "by-hand": "", "phase": "test" } });
  await api.send("PATCH", `/experiments/${id}`, { archived: true });
});

test("a name that is taken or missing is told in the dialog", async ({ page }) => {
  await page.goto("/experiments");
  await awake(page);
  await page.getByRole("button", { name: "New experiment" }).click();
  const dialog = page.getByRole("dialog", { name: "New experiment" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(" ");
  await dialog.getByRole("button", { name: "Create" }).click();
  await expect(dialog.getByRole("alert")).toContainText("name");
  await picture(page, "experiment-dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
});

test("an experiment's table shows its runs, sorts and finds them", async ({ page, world }) => {
  await page.goto(`/experiments/${world.experiments[sweep]}`);
  await awake(page);
  const table = page.getByRole("table", { name: "Runs" });
  await expect(table.getByRole("checkbox", { name: /^Select sweep-/ })).toHaveCount(runCount);
  await expect(table.getByRole("row", { name: runningRun })).toContainText("running");
  await expect(table.getByRole("columnheader", { name: "param lr", exact: true })).toBeVisible();
  await picture(page, "experiment");
  await table.getByRole("columnheader", { name: "val/accuracy" }).getByRole("link").click();
  await expect(page).toHaveURL(/sort=metrics\.val/);
  await expect(table.getByRole("columnheader", { name: "val/accuracy" })).toHaveAttribute("aria-sort", "descending");
  await page.getByRole("searchbox", { name: "Search run name or id" }).fill(fullRun);
  await expect(table.getByRole("checkbox", { name: /^Select sweep-/ })).toHaveCount(1);
});

test("a row appears by itself when a run starts", async ({ page, api }) => {
  const id = await api.experiment(`watched ${test.info().project.name}`);
  await page.goto(`/experiments/${id}`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "Record a first run" })).toBeVisible();
  await picture(page, "experiment-empty");
  const run = await api.run(id, "newcomer");
  await expect(page.getByRole("link", { name: "newcomer" })).toBeVisible();
  await api.end(run, "completed");
  await expect(page.getByRole("row", { name: "newcomer" })).toContainText("completed");
  await api.send("PATCH", `/experiments/${id}`, { archived: true });
});

test.describe("what is not there", () => {
  test.use({ expected: [/status of 404/] });

  test("an unknown experiment is a clear 404", async ({ page }) => {
    // What the tab says, whenever a frame is drawn.
    await page.addInitScript(() => {
      const titles = new Set<string>();
      Object.assign(window, { titles });
      const look = () => {
        if (document.body) titles.add(document.title);
        requestAnimationFrame(look);
      };
      look();
    });
    const answer = await page.goto("/experiments/999999");
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("data-awake", "");
    expect(await page.evaluate(() => [...(window as unknown as { titles: Set<string> }).titles])).toEqual(["Not found · Trackway"]);
    await picture(page, "not-found");
  });
});

test("experiments are archived and thrown away in bulk, and both are undone", async ({ page, api }) => {
  const project = test.info().project.name;
  const name = (index: number) => `bulk ${project} ${index}`;
  const ids = [];
  for (const index of [1, 2, 3, 4]) ids.push(await api.experiment(name(index)));
  await page.goto(`/experiments?search=${encodeURIComponent(`bulk ${project}`)}&sort=name`);
  await awake(page);
  const table = page.getByRole("table", { name: "Experiments" });
  const box = (index: number) => table.getByRole("checkbox", { name: `Select ${name(index)}` });
  await box(1).check();
  await box(3).click({ modifiers: ["Shift"] });
  await expect(box(2)).toBeChecked();
  await expect(box(4)).not.toBeChecked();
  const bar = page.getByRole("toolbar", { name: "Chosen experiments" });
  await expect(bar).toContainText("3 selected");
  await picture(page, "experiments-bulk");
  await bar.getByRole("button", { name: "Archive" }).click();
  await expect(box(1)).toHaveCount(0);
  await expect(box(4)).toBeVisible();
  const messages = page.getByRole("status", { name: "Messages" });
  await expect(messages).toContainText("Archived 3 experiments");
  await messages.getByRole("button", { name: "Undo" }).click();
  await expect(box(3)).toBeVisible();

  await table.getByRole("checkbox", { name: "Select all on this page" }).check();
  await expect(bar).toContainText("4 selected");
  await bar.getByRole("button", { name: "Move to trash" }).click();
  await expect(page.getByRole("heading", { name: "No experiment matches" })).toBeVisible();
  expect((await api.send("GET", `/trash?search=${encodeURIComponent(`bulk ${project}`)}`)).total).toBe(4);
  await messages.getByRole("button", { name: "Undo" }).click();
  await expect(box(4)).toBeVisible();

  await page.getByRole("combobox", { name: "Status" }).selectOption("archived");
  await expect(page.getByRole("heading", { name: "No experiment matches" })).toBeVisible();
  await api.send("PATCH", "/experiments", { ids, archived: true });
  await expect(box(2)).toBeVisible();
  await table.getByRole("button", { name: `Restore ${name(2)}` }).click();
  await expect(box(2)).toHaveCount(0);
  await api.send("PATCH", "/experiments", { ids, trashed: true });
});

test("names with slashes make a tree that folds, and the link keeps it", async ({ page, api }) => {
  const project = test.info().project.name;
  const root = `tree-${project}`;
  const leaves = [`${root}/vision/resnet/baseline`, `${root}/vision/vit`, `${root}/text/bert`];
  const ids = [];
  for (const leaf of leaves) ids.push(await api.experiment(leaf));
  await page.goto("/experiments");
  await awake(page);
  await page.getByRole("navigation", { name: "Show as" }).getByRole("link", { name: "Tree" }).click();
  const table = page.getByRole("table", { name: "Experiments" });
  const folder = (name: string, count: string) =>
    table.getByRole("link", { name: new RegExp(`^Folder\\s+${name}\\s+${count}$`) });
  await expect(folder(root, "3 experiments")).toHaveAttribute("aria-expanded", "false");
  await folder(root, "3 experiments").click();
  await expect(folder("vision", "2 experiments")).toBeVisible();
  await folder("vision", "2 experiments").press("ArrowRight");
  await expect(table.getByRole("link", { name: "vit", exact: true })).toBeVisible();
  await expect(folder("vision", "2 experiments")).toBeFocused();
  await picture(page, "experiments-tree");
  await page.reload();
  await awake(page);
  await expect(table.getByRole("link", { name: "vit", exact: true })).toBeVisible();
  await folder("vision", "2 experiments").press("ArrowLeft");
  await expect(table.getByRole("link", { name: "vit", exact: true })).toHaveCount(0);

  await page.getByRole("searchbox", { name: "Search name and description" }).fill(`${root}/vision/res`);
  await expect(table.getByRole("link", { name: "baseline", exact: true })).toBeVisible();
  await expect(table.getByRole("link", { name: "bert", exact: true })).toHaveCount(0);
  await page.getByRole("navigation", { name: "Show as" }).getByRole("link", { name: "List" }).click();
  await expect(table.getByRole("link", { name: leaves[0], exact: true })).toBeVisible();
  await api.send("PATCH", "/experiments", { ids, trashed: true });
});

test("an experiment without runs shows how the first is recorded", async ({ page, api }) => {
  await page.goto(`/experiments/${await api.experiment(`nothing yet ${test.info().project.name}`)}`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "Record a first run" })).toBeVisible();
  await picture(page, "state-no-runs");
});

test("a single run is a table of one row and charts of one curve", async ({ page, api }) => {
  const id = await api.experiment(`only one ${test.info().project.name}`);
  await api.log(await api.run(id, "the only one"), { loss: [0.5] }, 0, { lr: 0.1 });
  await page.goto(`/experiments/${id}`);
  await awake(page);
  await expect(page.getByRole("table", { name: "Runs" }).getByRole("link", { name: "the only one" })).toBeVisible();
  await picture(page, "state-one-run");
  await page.goto(`/experiments/${id}?view=charts`);
  await awake(page);
  await expect(page.getByRole("article", { name: "loss", exact: true })).toBeVisible();
  await picture(page, "state-one-run-charts");
});
