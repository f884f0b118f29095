// Saved views of the run table, and the steps back and forth between looks.

import type { Page } from "@playwright/test";
import type { Api } from "../api";
import { accessible, awake, expect, picture, test } from "../fixture";

/** An experiment of its own: the default view of one is everybody's. */
async function tried(api: Api, name: string): Promise<string> {
  const id = await api.experiment(`${name} ${test.info().project.name}`);
  for (const [index, optimizer] of ["adam", "sgd", "adam", "sgd"].entries()) {
    const run = await api.run(id, `try-${index}`);
    await api.log(run, { loss: [1, 0.5 + index / 10] }, 0, { optimizer, lr: 0.1 });
    await api.end(run, "completed");
  }
  return id;
}

const rows = (page: Page) => page.getByRole("table", { name: "Runs" }).getByRole("checkbox", { name: /^Select try-/ });
const query = (page: Page) => page.getByRole("combobox", { name: "Query" });
const menu = (page: Page) => page.locator("summary", { has: page.locator(".views__name") });
const box = (page: Page) => page.locator(".popover__box.views");

async function save(page: Page, name: string, ...choices: string[]) {
  await menu(page).click();
  await box(page).getByRole("button", { name: "Save as…" }).click();
  const dialog = page.getByRole("dialog", { name: "Save this view" });
  await dialog.getByRole("textbox", { name: "Name" }).fill(name);
  for (const choice of choices) await dialog.getByRole("checkbox", { name: choice }).check();
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(menu(page)).toHaveText(new RegExp(`^${name}`));
}

test("a view is saved, shared, and opens in another browser; what changes is marked and saved", async ({ page, api, browser, world }) => {
  const id = await tried(api, "shared view");
  await page.goto(`/experiments/${id}`);
  await awake(page);
  await query(page).fill("params.optimizer = 'adam'");
  await expect(rows(page)).toHaveCount(2);
  await save(page, "adam only", "Share with all");
  await expect(page).toHaveURL(/saved=\d+/);

  const other = await browser.newContext({ storageState: await page.context().storageState(), javaScriptEnabled: false });
  const reader = await other.newPage();
  await reader.goto(`${world.url}/experiments/${id}`);
  await expect(rows(reader)).toHaveCount(4);
  await menu(reader).click();
  await box(reader).getByRole("link", { name: "adam only" }).click();
  await expect(rows(reader)).toHaveCount(2);
  await expect(menu(reader)).toHaveText("adam only");
  await other.close();

  await page.getByRole("combobox", { name: "Status" }).selectOption("failed");
  await expect(rows(page)).toHaveCount(0);
  await expect(menu(page)).toContainText("changed");
  await page.getByRole("combobox", { name: "Status" }).selectOption("completed");
  await expect(rows(page)).toHaveCount(2);
  await menu(page).click();
  await picture(page, "views");
  await box(page).getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved: “adam only”")).toBeVisible();
  await expect(menu(page)).not.toContainText("changed");
  const [view] = await api.send("GET", `/views?experiment_id=${id}`);
  expect(view).toMatchObject({ name: "adam only", shared: true, state: "filter=params.optimizer+%3D+%27adam%27&status=completed" });
});

test("an experiment opens with its default view, and all runs are one link away", async ({ page, api }) => {
  const id = await tried(api, "default view");
  await page.goto(`/experiments/${id}?search=try-1`);
  await awake(page);
  await save(page, "the second", "Open the experiment with it (for me)");
  await page.goto(`/experiments/${id}`);
  await expect(page).toHaveURL(/search=try-1&saved=/);
  await expect(rows(page)).toHaveCount(1);
  await awake(page);
  await menu(page).click();
  await box(page).getByRole("link", { name: "All runs" }).click();
  await expect(rows(page)).toHaveCount(4);
  await expect(page).toHaveURL(/view=runs/);

  // From another page, without loading anew.
  await page.getByRole("link", { name: "Experiments", exact: true }).first().click();
  await page.getByRole("link", { name: `default view ${test.info().project.name}`, exact: true }).click();
  await expect(page).toHaveURL(/search=try-1&saved=/);
  await expect(rows(page)).toHaveCount(1);
  // Whoever takes the view's filter away means all runs, not the view again.
  await page.getByRole("searchbox", { name: "Search run name or id" }).fill("");
  await expect(rows(page)).toHaveCount(4);
});

test("a view is renamed, deleted, and deleted no more", async ({ page, api }) => {
  const id = await tried(api, "deleted view");
  await page.goto(`/experiments/${id}?sort=name`);
  await awake(page);
  await save(page, "by name");
  await menu(page).click();
  await box(page).getByRole("button", { name: "Rename" }).click();
  const dialog = page.getByRole("dialog", { name: "Rename this view" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("alphabet");
  await accessible(page);
  await dialog.getByRole("button", { name: "Rename" }).click();
  await expect(menu(page)).toHaveText("alphabet");
  await menu(page).click();
  await box(page).getByRole("button", { name: "Delete" }).click();
  await expect(menu(page)).toHaveText("Views");
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(menu(page)).toHaveText("alphabet");
  // Somebody else's change arrives by itself.
  const [view] = await api.send("GET", `/views?experiment_id=${id}`);
  await api.send("PATCH", `/views/${view.id}`, { name: "from elsewhere" });
  await expect(menu(page)).toHaveText("from elsewhere");
});

test("changes of the view are undone and redone by buttons, keys and the browser", async ({ page, api, isMobile }) => {
  const id = await tried(api, "undone");
  await page.goto(`/experiments/${id}`);
  await awake(page);
  const undo = page.getByRole("button", { name: "Undo the change of the view" });
  const redo = page.getByRole("button", { name: "Redo the change of the view" });
  await expect(undo).toBeDisabled();
  await query(page).pressSequentially("params.optimizer = 'adam'");
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole("combobox", { name: "Status" }).selectOption("failed");
  await expect(rows(page)).toHaveCount(0);
  await undo.click();
  await expect(rows(page)).toHaveCount(2);
  await undo.click();
  await expect(rows(page)).toHaveCount(4);
  await expect(query(page)).toHaveValue("");
  await expect(undo).toBeDisabled();
  await redo.click();
  await expect(query(page)).toHaveValue("params.optimizer = 'adam'");
  await expect(rows(page)).toHaveCount(2);
  await page.goBack();
  await expect(rows(page)).toHaveCount(4);
  await expect(redo).toBeEnabled();
  test.skip(isMobile, "a phone has no keys");
  await page.keyboard.press("Control+Shift+Z");
  await expect(rows(page)).toHaveCount(2);
  await page.keyboard.press("Control+Z");
  await expect(rows(page)).toHaveCount(4);
  // In a field the keys are the field's.
  await query(page).pressSequentially("x");
  await page.keyboard.press("Control+Z");
  await expect(redo).toBeEnabled();
});

test("a view of a picture keeps its axes and its choice of runs", async ({ page, api }) => {
  const id = await tried(api, "picture in a view");
  const brush = encodeURIComponent("params.lr < 1");
  await page.goto(`/experiments/${id}?view=scatter&x=params.lr&y=metrics.loss&brush=${brush}`);
  await awake(page);
  await save(page, "lr against loss");
  await menu(page).click();
  await box(page).getByRole("link", { name: "All runs" }).click();
  await expect(rows(page)).toHaveCount(4);
  await menu(page).click();
  await box(page).getByRole("link", { name: "lr against loss" }).click();
  await expect(page).toHaveURL(/view=scatter.*brush=params.lr.*x=params.lr&y=metrics.loss/);
  await expect(page.getByRole("combobox", { name: "X", exact: true })).toHaveValue("params.lr");
  await expect(menu(page)).toHaveText("lr against loss");
});

test("a view of charts keeps how they are set up, and steps lead through it", async ({ page, api }) => {
  const id = await tried(api, "charts in a view");
  await page.goto(`/experiments/${id}?view=charts`);
  await awake(page);
  const smoothing = page.getByRole("region", { name: "All charts" }).getByRole("combobox", { name: "Smoothing" });
  await smoothing.selectOption("EMA");
  await expect(page).toHaveURL(/chart=smooth-ema-0\.6/);
  await page.getByRole("article", { name: "loss", exact: true }).locator("summary").click();
  await page.getByRole("combobox", { name: "Y axis" }).last().selectOption("Log");
  await expect(page).toHaveURL(/panel=smooth-ema-0\.6,y-log:loss/);
  await page.keyboard.press("Escape");
  await save(page, "smooth");
  await menu(page).click();
  await box(page).getByRole("link", { name: "All runs" }).click();
  await expect(rows(page)).toHaveCount(4);
  await menu(page).click();
  await box(page).getByRole("link", { name: "smooth" }).click();
  await expect(page).toHaveURL(/view=charts.*chart=smooth-ema-0\.6.*panel=smooth-ema-0\.6,y-log:loss/);
  await expect(smoothing).toHaveValue("ema");

  await smoothing.selectOption("No smoothing");
  await expect(menu(page)).toContainText("changed");
  await page.getByRole("button", { name: "Undo the change of the view" }).click();
  await expect(smoothing).toHaveValue("ema");
  await expect(menu(page)).toHaveText("smooth");
});
