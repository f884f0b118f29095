// What a run prints: read live, searched, filtered, and held against its curves.

import { type Api } from "../api";
import { awake, expect, picture, test } from "../fixture";
import { type Page } from "@playwright/test";
import fs from "node:fs";

const startMs = Date.UTC(2026, 0, 15, 9);

interface Printed {
  stream?: string;
  text: string;
  /** Seconds since the start. */
  at: number;
  process?: string;
}

/** Prints lines, each stream of each process from a line number on. */
async function print(api: Api, runId: string, lines: Printed[], first = 0) {
  const series = new Map<string, any>();
  for (const { stream = "stdout", text, at, process } of lines) {
    const name = `${stream} ${process ?? ""}`;
    const context = process === undefined ? {} : { process };
    const empty = { run_id: runId, key: `system/${stream}`, context, steps: [], times_ms: [], texts: [] };
    const one = series.get(name) ?? series.set(name, empty).get(name);
    one.steps.push(first + one.steps.length);
    one.times_ms.push(startMs + Math.round(at * 1000));
    one.texts.push(text);
  }
  await api.send("POST", "/ingest", { series: [...series.values()] });
}

const lines = (page: Page) => page.getByRole("region", { name: "Lines that the run printed" });
const line = (page: Page, text: string | RegExp) => lines(page).getByRole("listitem").filter({ hasText: text });

test("a live log is followed, left and joined again", async ({ page, api }) => {
  const id = await api.run("0", "talks", { started_at_ms: startMs });
  const epoch = (number: number) => ({ text: `epoch ${number} done`, at: number });
  await print(api, id, Array.from({ length: 1000 }, (_, index) => epoch(index)));
  await page.goto(`/runs/${id}?tab=logs`);
  await awake(page);
  // On a phone the lines begin below the head of the run.
  const down = () => page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(line(page, "epoch 999 done")).toHaveCount(1);
  await down();
  await expect(line(page, "epoch 999 done")).toBeInViewport();
  await print(api, id, [epoch(1000), epoch(1001)], 1000);
  await expect(line(page, "epoch 1001 done")).toBeInViewport();
  const follow = page.getByRole("button", { name: "Follow" });
  await expect(follow).toHaveAttribute("aria-pressed", "true");

  await lines(page).evaluate((region) => region.scrollBy(0, -2_000));
  await expect(follow).toHaveAttribute("aria-pressed", "false");
  await print(api, id, [epoch(1002), epoch(1003), epoch(1004)], 1002);
  await page.getByRole("button", { name: "3 new lines" }).click();
  await expect(line(page, "epoch 1004 done")).toBeInViewport();
  await expect(follow).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("button", { name: "new line" })).toHaveCount(0);

  // Few of the lines are in the document, wherever the person is.
  await lines(page).evaluate((region) => region.scrollTo(0, 8_000));
  await expect(line(page, "epoch 500 done")).toBeInViewport();
  expect(await lines(page).getByRole("listitem").count()).toBeLessThan(250);
  await expect(page).toHaveURL(/top=501/);
  await page.reload();
  await expect(line(page, "epoch 500 done")).toHaveCount(1);
  await down();
  await expect(line(page, "epoch 500 done")).toBeInViewport();
  await expect(line(page, "epoch 499 done")).not.toBeInViewport();
});

test("colours are drawn, markup is text, and errors are found", async ({ page, api }) => {
  const id = await api.run("0", "colourful", { started_at_ms: startMs });
  await print(api, id, [
    { at: 0, text: "\u001b[1;32mtrainer\u001b[0m starts on \u001b[4mgpu-node-7\u001b[0m" },
    { at: 1, text: "2026-01-15 09:00:01,000 - data - INFO - 50 000 images" },
    { at: 2, text: "  0%|          | 0/10\r 50%|#####     | 5/10\r100%|##########| 10/10 [00:03<00:00,  3.1it/s]" },
    { at: 3, stream: "stderr", text: "/train.py:12: UserWarning: the learning rate is high" },
    { at: 4, text: '<img src=x onerror="alert(1)"> <script>alert(2)</script>\u001b]0;title\u0007' },
    { at: 5, text: "\u001b[44m step \u001b[0m \u001b[36mloss\u001b[0m=\u001b[33m0.25\u001b[0m \u001b[7mlr\u001b[0m" },
    { at: 6, stream: "stderr", text: "Traceback (most recent call last):" },
    { at: 6, stream: "stderr", text: '  File "train.py", line 40, in <module>' },
    { at: 6, stream: "stderr", text: "\u001b[31mValueError: loss is NaN\u001b[0m" },
    { at: 7, text: "x".repeat(100_000) },
    { at: 8, text: "saved, and \u001b[38;5 unfinished" },
  ]);
  await page.goto(`/runs/${id}?tab=logs`);
  await awake(page);
  const items = lines(page).getByRole("listitem");
  await expect(items).toHaveCount(11);
  await expect(line(page, "100%|##########|")).not.toContainText("50%");
  await expect(line(page, "onerror")).toContainText('<img src=x onerror="alert(1)"> <script>alert(2)</script>');
  await expect(lines(page).locator("img, script")).toHaveCount(0);
  await expect(line(page, "xxxx")).toContainText("100.0 kB in all");
  await expect(line(page, "Traceback").getByTitle("Error")).toHaveText("E");
  await page.getByRole("button", { name: "Wrap" }).click();
  await expect(page).toHaveURL(/wrap=1/);
  await page.getByRole("button", { name: "Wrap" }).click();
  await page.getByRole("button", { name: "Relative" }).click();
  await expect(line(page, "UserWarning")).toContainText("+0:00:03.000");
  await lines(page).evaluate((region) => region.scrollTo(0, 0));
  await picture(page, "run-logs");

  const level = page.getByRole("combobox", { name: "Level" });
  await level.selectOption("Errors (3)");
  await expect(items).toHaveCount(3);
  await level.selectOption("Warnings and errors (4)");
  await expect(items).toHaveCount(4);
  await page.getByRole("combobox", { name: "Stream" }).selectOption("stdout");
  await expect(page.getByText("No line of that stream and level")).toBeVisible();
  await page.getByRole("link", { name: "All lines" }).click();
  await expect(items).toHaveCount(11);
  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe("colourful-logs.txt");
  const text = fs.readFileSync(await download.path(), "utf8");
  expect(text).toContain("2026-01-15T09:00:00.000Z stdout trainer starts on gpu-node-7\n");
  expect(text).toContain("x".repeat(100_000));
});

test("a text is found among many lines and stepped through", async ({ page, api }) => {
  const id = await api.run("0", "searched", { started_at_ms: startMs });
  const text = (number: number) => (number % 1000 === 700 ? `Loss is NaN in batch ${number}` : `batch ${number}`);
  await print(api, id, Array.from({ length: 5000 }, (_, index) => ({ text: text(index), at: index })));
  await page.goto(`/runs/${id}?tab=logs&line=1`);
  await awake(page);
  await expect(line(page, /batch 0$/)).toBeInViewport();
  const find = page.getByRole("searchbox", { name: "Find in the lines" });
  await find.fill("loss IS nan");
  await expect(page.getByText("1 of 5", { exact: true })).toBeVisible();
  await expect(line(page, "batch 700")).toBeInViewport();
  await expect(line(page, "batch 700").locator("mark")).toHaveText("Loss is NaN");
  await find.press("Enter");
  await expect(page.getByText("2 of 5", { exact: true })).toBeVisible();
  await expect(line(page, "batch 1700")).toBeInViewport();
  await picture(page, "run-logs-found");
  await page.getByRole("button", { name: "Line before with it" }).click();
  await page.getByRole("button", { name: "Line before with it" }).click();
  await expect(page.getByText("5 of 5", { exact: true })).toBeVisible();
  await expect(line(page, "batch 4700")).toBeInViewport();
  await print(api, id, [{ text: "loss is nan again", at: 5001 }], 5000);
  await expect(page.getByText("5 of 6", { exact: true })).toBeVisible();
  await find.fill("nowhere");
  await expect(page.getByText("Nothing found")).toBeVisible();
});

test("the lines that explain a spike are a few clicks away, and back", async ({ page, api }, info) => {
  const id = await api.run("0", "spikes", { started_at_ms: startMs });
  const losses = Array.from({ length: 600 }, (_, step) => (step === 400 ? 9 : 1 / (1 + step / 50)));
  await api.log(id, { loss: losses });
  await print(
    api,
    id,
    Array.from({ length: 600 }, (_, step) =>
      step === 400
        ? { at: step, stream: "stderr", text: "WARNING: corrupt shard 17" }
        : { at: step, text: `step ${step}` },
    ),
  );
  await page.goto(`/runs/${id}?tab=metrics&zoom=step:399:401`);
  await awake(page);
  const plot = page.getByRole("img", { name: /^loss/ });
  await expect(plot).not.toHaveAttribute("aria-label", /loading/);
  const box = (await plot.boundingBox())!;
  if (!info.project.name.startsWith("phone")) {
    await plot.click({ position: { x: box.width * 0.53, y: box.height / 2 } });
    await page.getByTitle("What was printed then").first().click();
    await expect(page).toHaveURL(/tab=logs&at=/);
  } else {
    await page.goto(`/runs/${id}?tab=logs&at=${startMs + 400_000}`);
  }
  await expect(line(page, "corrupt shard 17")).toBeInViewport();
  await expect(line(page, "corrupt shard 17")).toHaveClass(/log__line--here/);
  await picture(page, "run-logs-spike");
  await page.getByRole("link", { name: "Charts at this time" }).click();
  await expect(page).toHaveURL(/tab=metrics.*x-wall.*zoom=wall/);
  await expect(page.getByRole("img", { name: /^loss/ })).not.toHaveAttribute("aria-label", /loading/);
});

test("processes are told apart", async ({ page, api }) => {
  const id = await api.run("0", "two ranks", { started_at_ms: startMs });
  await print(api, id, [
    { at: 0, text: "rank 0 here", process: "0" },
    { at: 1, text: "rank 1 here", process: "1" },
    { at: 2, text: "rank 0 goes", process: "0" },
  ]);
  await page.goto(`/runs/${id}?tab=logs`);
  await awake(page);
  await expect(lines(page).getByRole("listitem")).toHaveCount(3);
  await expect(line(page, "rank 1 here")).toContainText("process=1");
  await page.getByRole("combobox", { name: "Process" }).selectOption("process=1");
  await expect(lines(page).getByRole("listitem")).toHaveCount(1);
});

test("a run that printed nothing says so", async ({ page, api }) => {
  const id = await api.run("0", "silent");
  await page.goto(`/runs/${id}?tab=logs`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "Nothing was printed yet" })).toBeVisible();
});
