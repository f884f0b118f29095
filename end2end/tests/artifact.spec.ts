// Artifacts: the list of files, previews, downloads, uploads, deletion.

import { readFile } from "node:fs/promises";
import { awake, expect, picture, test } from "../fixture";
import { fullRun, runningRun } from "../seed";

test.beforeEach(async ({ page, world }) => {
  await page.goto(`/runs/${world.runs[fullRun]}?tab=artifacts`);
  await awake(page);
});

test("a picture is shown", async ({ page }) => {
  const files = page.getByRole("navigation", { name: "Files" });
  await files.getByRole("link", { name: /confusion\.png/ }).click();
  const image = page.getByRole("img", { name: "Preview of confusion.png" });
  await expect(image).toBeVisible();
  await expect.poll(() => image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(160);
  await expect(page.getByRole("heading", { name: "confusion.png" })).toBeVisible();
  await picture(page, "run-artifact-image");
});

test("text, tables and JSON are shown as what they are", async ({ page }) => {
  const files = page.getByRole("navigation", { name: "Files" });
  await files.getByRole("link", { name: /report\.txt/ }).click();
  await expect(page.getByLabel("File content")).toContainText("worst pair: 4 and 9");
  await picture(page, "run-artifact-text");
  await files.getByRole("link", { name: /errors\.csv/ }).click();
  const table = page.getByRole("table", { name: "File content" });
  await expect(table.getByRole("cell", { name: "5, of which 3 as 4" })).toBeVisible();
  await picture(page, "run-artifact-table");
  await files.getByRole("link", { name: /settings\.json/ }).click();
  const tree = page.getByLabel("File content");
  await expect(tree.getByRole("listitem").filter({ hasText: '"width": 64' }).last()).toBeVisible();
  await picture(page, "run-artifact-json");
  await files.getByRole("link", { name: /weights\.bin/ }).click();
  await expect(page.getByRole("heading", { name: "No preview" })).toBeVisible();
});

test("a Parquet file shows its columns, types and first rows, and one that is spoilt says so", async ({ page, api }) => {
  const id = await api.run("0", "tables of pandas");
  const folder = "../server/engine/src/artifact/parquet";
  await api.artifact(id, "data/types.parquet", await readFile(`${folder}/first.parquet`));
  await api.artifact(id, "data/long.parquet", await readFile(`${folder}/second.parquet`));
  await api.artifact(id, "data/spoilt.parquet", "PAR1 and nothing behind it");
  await page.goto(`/runs/${id}?tab=artifacts&path=data/types.parquet`);
  await awake(page);
  const table = page.getByRole("table", { name: "File content" });
  await expect(table.getByRole("columnheader", { name: "price decimal(30, 2)" })).toBeVisible();
  await expect(table.getByRole("cell", { name: "[[1, 2], [3]]" })).toBeVisible();
  await expect(page.getByText("3 rows, 24 columns, 1 row group")).toBeVisible();
  await expect(page.getByText("Not shown: label (it is compressed with LZ4, which this server does not read).")).toBeVisible();
  await picture(page, "run-artifact-parquet");
  const files = page.getByRole("navigation", { name: "Files" });
  await files.getByRole("link", { name: /long\.parquet/ }).click();
  await expect(page.getByText("The first 200 of 429 rows, 6 columns, 2 row groups")).toBeVisible();
  await expect(table.getByRole("row")).toHaveCount(201);
  await files.getByRole("link", { name: /spoilt\.parquet/ }).click();
  await expect(page.getByRole("heading", { name: "This file cannot be shown" })).toBeVisible();
});

test("a download has the file's name and bytes", async ({ page }) => {
  await page.getByRole("navigation", { name: "Files" }).getByRole("link", { name: /report\.txt/ }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download", exact: true }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("report.txt");
  expect(await readFile(await file.path(), "utf8")).toContain("accuracy 0.972");
});

test("a link to a file opens it, and the tree marks it", async ({ page }) => {
  await page.getByRole("navigation", { name: "Files" }).getByRole("link", { name: /errors\.csv/ }).click();
  await expect(page).toHaveURL(/path=tables/);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("table", { name: "File content" })).toBeVisible();
  await expect(page.getByRole("link", { name: /errors\.csv/ })).toHaveAttribute("aria-current", "true");
});

test("a file appears by itself", async ({ page, world, api }) => {
  const run = world.runs[runningRun];
  const name = `late-${test.info().project.name}.txt`;
  await page.goto(`/runs/${run}?tab=artifacts`);
  await awake(page);
  await api.artifact(run, name, "late, but here");
  await page.getByRole("link", { name: new RegExp(name) }).click();
  await expect(page.getByLabel("File content")).toHaveText("late, but here");
});

test("a folder is downloaded as a zip", async ({ page }) => {
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download folder tables as zip" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("tables.zip");
  const zip = (await readFile(await file.path())).toString("latin1");
  expect(zip).toContain("tables/errors.csv");
  expect(zip).not.toContain("report.txt");
});

test("code, Markdown, pages and drawings are shown for what they are, and run nothing", async ({ page, api }) => {
  const id = await api.run("0", "files of all kinds");
  await api.artifact(id, "train.py", 'import os\n# why\nprint("<script>alert(1)</script>", 0.5)\n');
  await api.artifact(id, "README.md", "# Read me\n\n![curve](plots/curve.svg)\n\n<script>alert(1)</script>\n");
  const drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="80"><circle cx="40" cy="40" r="30" fill="teal"/><script>parent.hacked = 1</script></svg>';
  await api.artifact(id, "plots/curve.svg", drawing);
  await api.artifact(id, "broken.png", "this is no picture");
  await api.artifact(id, "page.html", "<h1>A report</h1><p style='color: teal'>of ours</p>");
  await api.artifact(id, "brackets.json", "[".repeat(200_000));
  await page.goto(`/runs/${id}?tab=artifacts&path=train.py`);
  await awake(page);
  const content = page.getByLabel("File content");
  await expect(content.locator(".code-keyword")).toHaveText("import");
  await expect(content.locator(".code-comment")).toHaveText("# why");
  await expect(content.locator("script")).toHaveCount(0);
  await picture(page, "run-artifact-code");
  const files = page.getByRole("navigation", { name: "Files" });
  await files.getByRole("link", { name: /README/ }).click();
  await expect(content.getByRole("heading", { name: "Read me" })).toBeVisible();
  await expect(content.locator("script")).toHaveCount(0);
  const curve = content.getByRole("img", { name: "curve" });
  await expect.poll(() => curve.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(200);
  await files.getByRole("link", { name: /curve\.svg/ }).click();
  await expect(page.getByRole("img", { name: "Preview of curve.svg" })).toBeVisible();
  expect(await page.evaluate(() => "hacked" in window)).toBe(false);
  await files.getByRole("link", { name: /broken\.png/ }).click();
  await expect(page.getByRole("heading", { name: "This picture cannot be shown" })).toBeVisible();
  await files.getByRole("link", { name: /page\.html/ }).click();
  await expect(page.frameLocator("iframe").getByRole("heading", { name: "A report" })).toBeVisible();
  await picture(page, "run-artifact-page");
  await files.getByRole("link", { name: /brackets\.json/ }).click();
  await expect(content).toContainText("[[[[");
});

test("a thousand folders and files open one folder at a time, and are searched", async ({ page, api }) => {
  const id = await api.run("0", "many files");
  const paths = Array.from({ length: 60 }, (_, number) => `steps/${String(number).padStart(3, "0")}/sample.txt`);
  await Promise.all([...paths, "notes/Final.txt"].map((path) => api.artifact(id, path, "x")));
  await page.goto(`/runs/${id}?tab=artifacts`);
  await awake(page);
  const files = page.getByRole("navigation", { name: "Files" });
  await expect(files.getByText("61 files")).toBeVisible();
  const steps = files.getByRole("button", { name: /^steps/ });
  await expect(steps).toHaveAttribute("aria-expanded", "false");
  await steps.focus();
  await page.keyboard.press("Enter");
  await files.getByRole("button", { name: /^007/ }).click();
  await expect(files.getByRole("link", { name: /sample\.txt/ })).toBeVisible();
  await picture(page, "run-artifact-folders");
  await steps.click();
  await expect(files.getByRole("link", { name: /sample\.txt/ })).toHaveCount(0);
  await page.getByRole("searchbox", { name: "Find files" }).fill("FINAL");
  await files.getByRole("link", { name: /notes\/Final\.txt/ }).click();
  await expect(page.getByLabel("File content")).toHaveText("x");
});

test.describe("a server that is busy", () => {
  test.use({ expected: [/status of 503/] });

  test("files are chosen or dropped, large ones in parts, and a broken line costs a part only", async ({ page, api }) => {
    const id = await api.run("0", "uploads");
    await page.goto(`/runs/${id}?tab=artifacts`);
    await awake(page);
    await page.getByRole("textbox", { name: "Into folder" }).fill("data");
    const large = Buffer.alloc(20 * 1024 * 1024, 7);
    let [broken, parts] = [0, 0];
    await page.route(/\/api\/v1\/uploads\/.*\/2$/, async (route) => {
      broken += 1;
      await (broken === 1 ? route.fulfill({ status: 503, json: { kind: "unavailable", title: "busy", detail: "busy" } }) : route.continue());
    });
    page.on("request", (request) => (parts += /\/api\/v1\/uploads\/.*\/\d+$/.test(request.url()) ? 1 : 0));
    await page.locator("input[type=file]").setInputFiles([
      { name: "large.bin", mimeType: "application/octet-stream", buffer: large },
      { name: "small.txt", mimeType: "text/plain", buffer: Buffer.from("small") },
    ]);
    const uploads = page.getByRole("list", { name: "Uploads" });
    await expect(uploads.getByRole("listitem").filter({ hasText: "large.bin" })).toContainText("MB", { timeout: 30_000 });
    const files = page.getByRole("navigation", { name: "Files" });
    await expect(files.getByRole("link", { name: /large\.bin/ })).toBeVisible({ timeout: 30_000 });
    expect([broken, parts]).toEqual([2, 4]);
    await picture(page, "run-artifact-upload");
    const listed = await api.send("GET", `/runs/${id}/artifacts`);
    expect(listed.map((one: { path: string; size_bytes: number }) => [one.path, one.size_bytes])).toEqual([
      ["data/large.bin", large.length],
      ["data/small.txt", 5],
    ]);
    const dropped = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(["dropped"], "dropped.txt", { type: "text/plain" }));
      return data;
    });
    await files.dispatchEvent("drop", { dataTransfer: dropped });
    await files.getByRole("link", { name: /dropped\.txt/ }).click();
    await expect(page.getByLabel("File content")).toHaveText("dropped");
  });
});

test("a folder is deleted after a question that says how much goes", async ({ page, api }) => {
  const id = await api.run("0", "to be tidied");
  const other = await api.run("0", "has the same");
  for (const path of ["old/a.txt", "old/deep/b.txt", "kept.txt"]) await api.artifact(id, path, "content");
  await api.artifact(other, "copy.txt", "content");
  await page.goto(`/runs/${id}?tab=artifacts&path=kept.txt`);
  await awake(page);
  await page.getByText("Same content elsewhere").click();
  await expect(page.locator(`a[href="/runs/${other}?tab=artifacts&path=copy.txt"]`)).toBeVisible();
  await page.getByRole("button", { name: "Delete folder old" }).click();
  const question = page.getByRole("dialog", { name: "Delete this folder?" });
  await expect(question).toContainText("2 files, 14 B");
  await picture(page, "run-artifact-delete");
  await question.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("button", { name: "Delete folder old" })).toHaveCount(0);
  expect(await api.send("GET", `/runs/${id}/artifacts`)).toHaveLength(1);
});

test("what lies elsewhere is among the files, with its place and no bytes", async ({ page, api }) => {
  const id = await api.run("0", "data elsewhere");
  await api.artifact(id, "data/notes.txt", "about the data");
  const digest = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
  const train = { uri: "s3://bucket/imagenet/2024-11/train.parquet", size_bytes: 147_897_477_120, digest };
  await api.send("PUT", `/runs/${id}/references/data/train.parquet`, train);
  await api.send("PUT", `/runs/${id}/references/data/labels.csv`, { uri: "https://example.org/labels.csv" });
  await page.goto(`/runs/${id}?tab=artifacts`);
  await awake(page);
  const files = page.getByRole("navigation", { name: "Files" });
  await files.getByRole("link", { name: /train\.parquet/ }).click();
  await expect(files.getByRole("link", { name: /train\.parquet/ })).toContainText("elsewhere");
  const shown = page.locator(".artifacts__file");
  await expect(shown.getByText("tracked elsewhere")).toBeVisible();
  await expect(shown.getByText(train.uri)).toBeVisible();
  await expect(shown.getByRole("link", { name: train.uri })).toHaveCount(0);
  await expect(shown.getByText(digest)).toBeVisible();
  await expect(shown.getByRole("button", { name: "Copy URI" })).toBeVisible();
  await expect(shown.getByRole("link", { name: "Download" })).toHaveCount(0);
  await picture(page, "run-artifact-elsewhere");
  await files.getByRole("link", { name: /labels\.csv/ }).click();
  const link = shown.getByRole("link", { name: "https://example.org/labels.csv" });
  await expect(link).toHaveAttribute("rel", "noreferrer noopener");
  await shown.getByRole("button", { name: "Delete" }).click();
  const question = page.getByRole("dialog", { name: "Delete this reference?" });
  await expect(question).toContainText("What lies elsewhere stays as it is");
  await question.getByRole("button", { name: "Delete" }).click();
  await expect(files.getByRole("link", { name: /labels\.csv/ })).toHaveCount(0);
  await page.getByRole("searchbox", { name: "Find files" }).fill("train");
  await expect(files.getByRole("link", { name: /data\/train\.parquet/ })).toBeVisible();
});
