// Pictures over many runs: brushes, boxes and lassos choose runs, and the table shows the same ones.

import type { Page } from "@playwright/test";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { screenshots } from "../place";
import type { Api } from "../api";
import { accessible, awake, expect, picture, test } from "../fixture";

/** Twelve runs: the loss rises with their number, the learning rate and the optimizer come round. */
async function sweep(api: Api, name: string): Promise<string> {
  const id = await api.experiment(`${name} ${test.info().project.name}`);
  for (let index = 0; index < 12; index += 1) {
    const run = await api.run(id, `try-${index}`);
    const params = { lr: 0.1 ** ((index % 4) + 1), optimizer: ["adam", "lion", "sgd"][index % 3]!, layers: index };
    await api.log(run, { val_loss: [index / 10] }, 0, params);
    await api.end(run, "completed");
  }
  return id;
}

const head = (page: Page) => page.locator(".explore-list__title");
const rows = (page: Page) => page.getByRole("table", { name: "Runs" }).getByRole("checkbox", { name: /^Select try-/ });
const listed = (page: Page) => page.locator(".explore-list tbody th");

/** Draws from one place of an axis to another: 0 is its foot, 1 its top. */
async function brush(page: Page, axis: string, from: number, to: number) {
  const place = page.locator(`.parallel__hit[data-axis="${axis}"]`);
  await place.scrollIntoViewIfNeeded();
  const box = (await place.boundingBox())!;
  const y = (share: number) => box.y + 6 + (1 - share) * (box.height - 12);
  const x = box.x + box.width / 2;
  await page.mouse.move(x, y(from));
  await page.mouse.down();
  await page.mouse.move(x, y((from + to) / 2), { steps: 3 });
  await page.mouse.move(x, y(to), { steps: 3 });
  await page.mouse.up();
}

test("the best runs are found by brushing, and the table shows the same", async ({ page, api, isMobile }) => {
  test.skip(isMobile, "a finger scrolls; it chooses by ranges");
  const id = await sweep(api, "brushed");
  await page.goto(`/experiments/${id}`);
  await awake(page);
  await page.getByRole("navigation", { name: "Views of the runs" }).getByRole("link", { name: "Parallel" }).click();
  await expect(head(page)).toHaveText("12 runs");
  await expect(page.locator(".parallel__hit")).toHaveCount(4);

  await brush(page, "metrics.val_loss", 0, 0.5);
  await expect(head(page)).toHaveText("6 runs chosen");
  await expect(listed(page).first()).toHaveText("try-0");
  // Adam has two of them, and a second brush of the same axis adds what lion has.
  await brush(page, "params.optimizer", 0.05, 0.3);
  await expect(head(page)).toHaveText("2 runs chosen");
  await brush(page, "params.optimizer", 0.4, 0.6);
  await expect(head(page)).toHaveText("4 runs chosen");
  await expect(listed(page)).toHaveText(["try-0", "try-1", "try-3", "try-4"]);
  await picture(page, "parallel");

  // A copied link opens the same, and a click on a brush takes it away.
  await page.reload();
  await awake(page);
  await expect(head(page)).toHaveText("4 runs chosen");
  await brush(page, "params.optimizer", 0.5, 0.5);
  await expect(head(page)).toHaveText("2 runs chosen");
  await expect(page.getByRole("link", { name: "Compare them" })).toBeVisible();

  await page.getByRole("link", { name: "Filter the table to these" }).click();
  await expect(rows(page)).toHaveCount(2);
  await expect(page.getByRole("combobox", { name: "Query" })).toHaveValue(/params\.optimizer in \('adam'\)/);
});

test("axes are moved, turned around and ranged by keys", async ({ page, api }) => {
  const id = await sweep(api, "keyed");
  await page.goto(`/experiments/${id}?view=parallel`);
  await awake(page);
  await page.getByText("Axes, scales and ranges").click();
  const names = page.locator(".parallel__name");
  await expect(names).toHaveText(["layers", "lr", "optimizer", "val_loss"]);
  await page.getByRole("button", { name: "Move towards the right: params.layers" }).press("Enter");
  await expect(names).toHaveText(["lr", "layers", "optimizer", "val_loss"]);
  await page.getByRole("button", { name: "Turn around: params.lr" }).press("Enter");
  await expect(page.locator(".parallel__head").first()).toContainText("log · flipped");
  await page.getByRole("combobox", { name: "Scale of axis 1" }).selectOption("category");
  await expect(page.locator(".parallel__head").first()).toContainText("category · flipped");
  const range = page.getByRole("textbox", { name: "Runs chosen by params.layers" });
  await range.fill("params.layers >= 3 and params.layers <= 5");
  await range.press("Enter");
  await expect(head(page)).toHaveText("3 runs chosen");
  await range.fill("nonsense");
  await range.press("Enter");
  await expect(range).toHaveAttribute("aria-invalid", "true");
  await page.getByRole("button", { name: "Clear the choice" }).click();
  await expect(head(page)).toHaveText("12 runs");
});

test("points are chosen by a box and by a line around them", async ({ page, api, isMobile }) => {
  test.skip(isMobile, "a finger scrolls; it chooses by ranges");
  const id = await sweep(api, "scattered");
  await page.goto(`/experiments/${id}?view=scatter&x=params.layers&y=metrics.val_loss`);
  await awake(page);
  await expect(page.getByText("Pearson r 1.000, Spearman ρ 1.000 of 12 runs")).toBeVisible();
  await page.getByRole("button", { name: "Regression line" }).click();
  await expect(page.locator(".scatter__fit")).toBeVisible();
  await picture(page, "scatter");

  const plot = page.locator(".scatter");
  await plot.scrollIntoViewIfNeeded();
  const box = (await plot.boundingBox())!;
  // The lower left half of the picture holds the first six.
  const middle = { x: box.x + 76 + (box.width - 96) / 2, y: box.y + 14 + (box.height - 60) / 2 };
  const corner = { x: box.x + 78, y: box.y + box.height - 48 };
  await page.mouse.move(corner.x, corner.y);
  await page.mouse.down();
  await page.mouse.move(middle.x, middle.y, { steps: 4 });
  await page.mouse.up();
  await expect(head(page)).toHaveText("6 runs chosen");
  await page.getByRole("button", { name: "Clear the choice" }).click();
  await expect(head(page)).toHaveText("12 runs");

  await page.getByRole("button", { name: "Lasso" }).click();
  await plot.scrollIntoViewIfNeeded();
  await page.mouse.move(corner.x, corner.y);
  await page.mouse.down();
  for (const [x, y] of [[corner.x, middle.y], [middle.x, middle.y], [middle.x, corner.y]] as const) {
    await page.mouse.move(x, y, { steps: 4 });
  }
  await page.mouse.up();
  await expect(head(page)).toHaveText("6 runs chosen");
  await page.getByRole("link", { name: "Filter the table to these" }).click();
  await expect(rows(page)).toHaveCount(6);
  await expect(page.getByRole("combobox", { name: "Query" })).toHaveValue(/^id in \(/);
});

test("bars, boxes and importance say which runs and params are good", async ({ page, api }) => {
  const id = await sweep(api, "ranked");
  await page.goto(`/experiments/${id}?view=bars`);
  await awake(page);
  const bars = page.getByRole("region", { name: "Bars" });
  await expect(bars.getByRole("rowheader").first()).toHaveText("try-0");
  await accessible(page);
  await page.goto(`/experiments/${id}?view=box&by=params.optimizer`);
  await expect(page.getByRole("img", { name: /^median 0\.4500, quartiles/ })).toBeVisible();
  await accessible(page);
  await page.goto(`/experiments/${id}?view=importance`);
  await expect(page.getByText("12 runs have metrics.val_loss: too few for a forest")).toBeVisible();
  await expect(page.getByRole("row", { name: /^layers/ })).toContainText("+1.000");
  await accessible(page);
});

test("every picture leaves as SVG, PNG and CSV", async ({ page, api }, info) => {
  const id = await sweep(api, "exported");
  const views: [string, string, string, number][] = [
    ["parallel&color=params.lr", "Parallel", "val_loss", 12],
    ["scatter&x=params.layers&color=metrics.val_loss&fit=1", "Scatter", "layers", 12],
    ["bars", "Bars", "try-3", 12],
    ["box&by=params.optimizer", "Box", "lion (n = 4)", 3],
    ["importance", "Importance", "correlation (Spearman)", 3],
  ];
  for (const [view, name, words, rows] of views) {
    await page.goto(`/experiments/${id}?view=${view}`);
    await awake(page);
    await expect(page.locator(name === "Parallel" ? ".parallel[data-lines='12']" : name === "Scatter" ? ".scatter[data-points='12']" : ".explore-bars tbody tr").first()).toBeVisible();
    const take = async (form: string) => {
      const details = page.locator(".explore__export details");
      if (!(await details.evaluate((one: HTMLDetailsElement) => one.open))) await details.locator("summary").click();
      const download = page.waitForEvent("download");
      await details.getByRole("button", { name: form }).click();
      const file = await download;
      const saved = path.join(screenshots, info.project.name, `export-${file.suggestedFilename()}`);
      await file.saveAs(saved);
      return readFile(saved);
    };
    const svg = (await take("SVG")).toString();
    expect(svg).toContain(words);
    expect(svg).not.toMatch(/NaN|undefined|fill=""|stroke=""/);
    const png = await take("PNG");
    const [, width] = /<svg [^>]*width="(\d+)"/.exec(svg)!;
    expect(png.readUInt32BE(16)).toBe(2 * Number(width));
    const csv = (await take("CSV")).toString().trim().split("\n");
    expect(csv).toHaveLength(rows + 1);
  }
  await page.goto(`/experiments/${id}?view=scatter`);
  await awake(page);
  // Neither the optimizer's name nor a yes or no: numbers that spread the runs.
  await expect(page.getByRole("combobox", { name: "X", exact: true })).toHaveValue("params.layers");
  await page.locator(".explore__export summary").click();
  await page.getByRole("button", { name: "Copy link" }).click();
  await expect(page.getByText("Copied the link")).toBeVisible();
  await picture(page, "scatter-export");
});

test("a comparison is drawn as pictures of its runs, whatever experiment they are of", async ({ page, api }) => {
  const id = await sweep(api, "compared");
  const { items } = await api.send("GET", `/runs?experiment_id=${id}&filter=${encodeURIComponent("params.layers < 3")}`);
  const elsewhere = await api.experiment(`compared elsewhere ${test.info().project.name}`);
  const far = await api.run(elsewhere, "from elsewhere");
  await api.log(far, { val_loss: [0.3] }, 0, { layers: 7, lr: 0.3 });
  const ids = [...items.map(({ run }: { run: { id: string } }) => run.id), far];
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  const views = page.getByRole("navigation", { name: "Comparison" });
  await views.getByRole("link", { name: "Parallel", exact: true }).click();
  await expect(head(page)).toHaveText("4 runs");
  const chosen = page.getByRole("region", { name: "Chosen runs" });
  await expect(chosen.getByRole("link", { name: "from elsewhere" })).toBeVisible();
  await picture(page, "compare-parallel");
  await views.getByRole("link", { name: "Scatter", exact: true }).click();
  await expect(page.locator(".scatter")).toHaveAttribute("data-points", "4");
  await picture(page, "compare-scatter");
  await page.reload();
  await awake(page);
  await expect(page.locator(".scatter")).toHaveAttribute("data-points", "4");
});

test("of many fields the one that is meant is found", async ({ page, api }) => {
  const id = await api.experiment(`many fields ${test.info().project.name}`);
  for (const number of [1, 2, 3]) {
    const params = Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [`layer-${at}.width`, number * at]));
    await api.log(await api.run(id, `wide-${number}`), { val_loss: [number] }, 0, params);
  }
  await page.goto(`/experiments/${id}?view=scatter`);
  await awake(page);
  const x = page.getByRole("combobox", { name: "X", exact: true });
  await page.getByRole("searchbox", { name: "Find a field to choose" }).fill("layer-1177");
  await expect(x.getByRole("option", { name: "layer-1177" })).toHaveCount(1);
  // What is chosen stays a choice, and nothing else that does not fit.
  await expect.poll(() => x.getByRole("option").count()).toBeLessThanOrEqual(2);
  const word = await x.getByRole("option", { name: "layer-1177" }).getAttribute("value");
  await x.selectOption(word!);
  await expect(page).toHaveURL(/layer-1177/);
  await expect(page.locator(".scatter")).toHaveAttribute("data-points", "3");
  await picture(page, "scatter-many-fields");
});
