// Media of a run: images, histograms and tables by step.

import { awake, expect, picture, test } from "../fixture";
import type { Api } from "../api";
import { png } from "../seed";

const shade = (grey: number) => png(96, (x, y) => (grey + ((x >> 3) ^ (y >> 3)) * 10) % 256);

/** One histogram as the client writes it: bins of one width from `low` to `high`. */
function histogram(low: number, high: number, counts: number[]): string {
  const buffer = Buffer.alloc(16 + 8 * (2 * counts.length + 1));
  buffer.write("TWH1", "latin1");
  buffer.writeUInt32LE(counts.length, 4);
  const edges = counts.map((_, bin) => low + ((high - low) * bin) / counts.length);
  [0, ...edges, high, ...counts].forEach((number, index) => buffer.writeDoubleLE(number, 8 + 8 * index));
  return buffer.toString("base64");
}

async function histograms(api: Api, id: string, key: string, values: string[], stride = 1) {
  const steps = values.map((_, index) => index * stride);
  const series = [{ run_id: id, key, steps, times_ms: steps.map(() => Date.UTC(2026, 0, 15)), bytes: values }];
  await api.send("POST", "/ingest", { series });
}

/** Weights that spread and wander off, as those of a layer do. */
function layer(speed: number): string[] {
  return Array.from({ length: 40 }, (_, step) => {
    const width = 0.3 + step * 0.02 * speed;
    const centre = step * 0.01 * speed;
    const bell = (bin: number) => Math.round(900 * Math.exp(-(((bin - 23.5) / 10) ** 2)));
    return histogram(centre - width, centre + width, Array.from({ length: 48 }, (_, bin) => bell(bin)));
  });
}

test("images, histograms and tables move together with one slider", async ({ page, api }, info) => {
  const experiment = await api.experiment(`media ${info.project.name}`);
  const id = await api.run(experiment, "all of it");
  for (const step of [0, 9, 10, 39]) await api.artifact(id, `media/val/samples/${step}.png`, shade(step * 5));
  for (const step of [0, 20]) await api.artifact(id, `media/reconstruction/${step}.png`, shade(255 - step * 5));
  await api.artifact(id, "images/val#faces%step%10%timestamp%1700000000000%j1.png", shade(90));
  await histograms(api, id, "histogram/layers/0/weight", layer(1));
  await histograms(api, id, "histogram/layers/1/weight", layer(0.4));
  const rows = Array.from({ length: 45 }, (_, row) => [row, ["cat", "dog", "owl"][row % 3], (row * 37) % 100 / 100]);
  await api.artifact(id, "table/mistakes/10.json", JSON.stringify({ columns: ["n", "label", "confidence"], rows }));
  await page.goto(`/runs/${id}?tab=media`);
  await awake(page);
  const slider = page.getByRole("slider", { name: "Step" });
  const images = page.getByRole("list", { name: "Images" });
  await expect(page.getByText("step 39 (40 of 40)")).toBeVisible();
  await expect(images.getByRole("img", { name: "val/samples at step 39" })).toBeVisible();
  const faces = images.getByRole("listitem").filter({ hasText: "val/faces" });
  await expect(faces).toContainText("step 10, the last before");
  const weight = page.getByRole("region", { name: "Histogram layers/0/weight" });
  await expect(weight.getByRole("img", { name: "layers/0/weight: 40 histograms" })).toBeVisible();
  await expect(weight).toContainText("step 39: ");
  const table = page.getByRole("region", { name: "Table mistakes" });
  await expect(table).toContainText("1–20 of 45 rows");
  await picture(page, "media");
  await slider.focus();
  for (let press = 0; press < 30; press += 1) await slider.press("ArrowLeft");
  await expect(page.getByText("step 9 (10 of 40)")).toBeVisible();
  await expect(images.getByRole("img", { name: "val/samples at step 9" })).toBeVisible();
  await expect(faces).toContainText("nothing up to here");
  await expect(table).toContainText("nothing up to here");
  await expect(weight).toContainText("step 9: ");
  await expect(page).toHaveURL(/at=9/);
  await page.reload();
  await awake(page);
  await expect(page.getByText("step 9 (10 of 40)")).toBeVisible();
});

test("an image opens at full size, and the arrows move the step there", async ({ page, api }, info) => {
  const id = await api.run(await api.experiment(`large ${info.project.name}`), "pictures");
  for (const step of [0, 5, 40]) await api.artifact(id, `media/samples/${step}.png`, shade(step * 5));
  await page.goto(`/runs/${id}?tab=media`);
  await awake(page);
  await page.getByRole("list", { name: "Images" }).getByRole("img", { name: "samples at step 40" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("img", { name: "samples at step 40" })).toBeVisible();
  await picture(page, "media-large");
  await page.keyboard.press("ArrowLeft");
  await expect(dialog.getByRole("img", { name: "samples at step 5" })).toBeVisible();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect(dialog.getByRole("img", { name: "samples at step 0" })).toBeVisible();
  await dialog.getByRole("button", { name: "Step after" }).click();
  await expect(dialog.getByText("step 5", { exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("step 5 (2 of 3)")).toBeVisible();
  // What comes meanwhile is there at once, and who looks at an earlier step stays there.
  await api.artifact(id, "media/samples/50.png", shade(7));
  await expect(page.getByText("step 5 (2 of 4)")).toBeVisible();
  await page.getByRole("slider", { name: "Step" }).press("End");
  await expect(page.getByRole("img", { name: "samples at step 50" })).toBeVisible();
});

test.describe("what cannot be shown", () => {
  test.use({ expected: [/status of 400/] });

  test("what is no image, no histogram or no table is said, and the rest stands", async ({ page, api }, info) => {
    const id = await api.run(await api.experiment(`broken ${info.project.name}`), "odd");
    await api.artifact(id, "media/broken/0.png", "no image");
    await api.artifact(id, "media/wide/0.png", png(100_000, (x) => x % 256, 1));
    await histograms(api, id, "histogram/garbage", [Buffer.from("garbage").toString("base64")]);
    await histograms(api, id, "histogram/one value", [histogram(2, 2 + 1e-12, [5])]);
    await api.artifact(id, "table/broken/0.json", "[1, 2");
    await api.artifact(id, "table/empty/0.json", JSON.stringify({ columns: ["a"], rows: [] }));
    await page.goto(`/runs/${id}?tab=media`);
    await awake(page);
    const images = page.getByRole("list", { name: "Images" });
    await expect(images.getByRole("listitem").filter({ hasText: "broken" })).toContainText("no image that can be shown");
    await expect(images.getByRole("img", { name: "wide at step 0" })).toBeVisible();
    await expect(page.getByRole("region", { name: "Histogram garbage" })).toContainText("Nothing here is a histogram.");
    await expect(page.getByRole("region", { name: "Histogram one value" })).toContainText("5 values");
    await expect(page.getByRole("region", { name: "Table broken" }).getByRole("alert")).toContainText("expected a table");
    await expect(page.getByRole("region", { name: "Table empty" })).toContainText("no rows");
    await picture(page, "media-odd");
  });
});

test.describe("tables", () => {
  test("rows are sorted and turned a page at a time", async ({ page, api }, info) => {
    const id = await api.run(await api.experiment(`tables ${info.project.name}`), "table");
    const rows = Array.from({ length: 45 }, (_, row) => [row, `name ${row}`]);
    await api.artifact(id, "table/all/0.json", JSON.stringify({ columns: ["n", "name"], rows }));
    await page.goto(`/runs/${id}?tab=media`);
    await awake(page);
    const card = page.getByRole("region", { name: "Table all" });
    const first = card.getByRole("row").nth(1);
    await expect(first).toContainText("name 0");
    const sort = card.getByRole("button", { name: "n", exact: true });
    await sort.click();
    await sort.click();
    await expect(first).toContainText("name 44");
    await card.getByRole("button", { name: "Next" }).click();
    await expect(first).toContainText("name 24");
    await expect(card).toContainText("21–40 of 45 rows");
    await page.getByRole("searchbox", { name: "Find by name" }).fill("nothing has this");
    await expect(page.getByText("Nothing has that in its name")).toBeVisible();
  });

  test("a run without any of it says how to log some", async ({ page, api }, info) => {
    const id = await api.run(await api.experiment(`no media ${info.project.name}`), "bare");
    await page.goto(`/runs/${id}`);
    await awake(page);
    await page.getByRole("navigation", { name: "Run" }).getByRole("link", { name: "Media" }).click();
    await expect(page.getByText("Nothing to look at by step yet")).toBeVisible();
  });
});
