// Comparison: runs chosen in the table, side by side.

import path from "node:path";
import { pathToFileURL } from "node:url";
import { screenshots } from "../place";
import { awake, expect, fits, picture, test } from "../fixture";
import { png, sweep } from "../seed";

const chosen = ["sweep-03", "sweep-08", "sweep-16"];

test("runs ticked in the table are compared in that order", async ({ page, world }) => {
  await page.goto(`/experiments/${world.experiments[sweep]}`);
  await awake(page);
  const button = page.getByRole("button", { name: "Compare" });
  await expect(button).toBeDisabled();
  for (const name of chosen) {
    await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  }
  await button.click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare 3 runs" })).toBeVisible();
  const compared = page.getByRole("list", { name: "Compared runs" });
  for (const [index, name] of chosen.entries()) {
    await expect(compared.getByRole("listitem").nth(index)).toContainText(name);
  }
});

test("differences are marked, and can be shown alone", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  await expect(page.getByRole("link", { name: /^Params/ }).last()).toContainText(/of \d+ differ/);
  await picture(page, "compare");
  await page.getByRole("navigation", { name: "Comparison" }).getByRole("link", { name: "Params" }).click();
  const params = page.getByRole("table", { name: "Params side by side" });
  await expect(params.getByRole("row", { name: /^lr/ })).toContainText("differs");
  await expect(params.getByRole("row", { name: /^batch_size/ })).not.toContainText("differs");
  await page.getByRole("checkbox", { name: "Only differences" }).check();
  await expect(params.getByRole("row", { name: /^batch_size/ })).toHaveCount(0);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("checkbox", { name: "Only differences" })).toBeChecked();
  await picture(page, "compare-params");
});

test("metrics are held against a run that one chooses, at a step that one chooses", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}&view=metrics`);
  await awake(page);
  const accuracy = page.getByRole("table", { name: "Metrics side by side" }).getByRole("row", { name: /^val\/accuracy/ });
  await expect(accuracy).toContainText("best");
  await page.getByRole("combobox", { name: "Against" }).selectOption({ label: chosen[2] });
  await expect(page).toHaveURL(new RegExp(`base=${ids[2]}`));
  await expect(accuracy.getByRole("cell").nth(2)).not.toContainText(/[+−±]/);
  await expect(accuracy.getByRole("cell").nth(0)).toContainText(/[+−±]/);
  await page.getByRole("combobox", { name: "Value" }).selectOption({ label: "At a step" });
  const last = await accuracy.getByRole("cell").nth(2).textContent();
  await page.getByRole("spinbutton", { name: "Step" }).fill("3");
  await page.getByRole("spinbutton", { name: "Step" }).press("Enter");
  await expect(page).toHaveURL(/step=3/);
  await expect(accuracy.getByRole("cell").nth(2)).not.toHaveText(last ?? "");
  await picture(page, "compare-metrics");
});

test("curves of the runs are drawn together", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}&view=curves`);
  await awake(page);
  const plot = page.getByRole("article", { name: "val/loss", exact: true }).getByRole("img");
  await plot.scrollIntoViewIfNeeded();
  await expect(plot).toHaveAccessibleName("val/loss: 3 lines");
});

test("what changed between two runs is ranked, with the step at which curves part", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  await page.getByRole("link", { name: "What changed?" }).click();
  const list = page.getByRole("table", { name: "Differences" });
  await expect(list.getByRole("row").nth(1)).toContainText("steers training");
  await expect(page.getByRole("table", { name: "Where the curves part" })).toContainText(/step \d+/);
  await page.getByText("How this was found").click();
  await expect(page.getByText("CUSUM")).toBeVisible();
  await picture(page, "compare-changes");
});

test("two groups over seeds get a verdict in words", async ({ page, api }) => {
  const experiment = await api.experiment("seeds of two optimizers");
  const ids: string[] = [];
  for (const [group, optimizer] of ["adam", "sgd"].entries()) {
    for (let seed = 0; seed < 5; seed += 1) {
      const id = await api.run(experiment, `${optimizer}-${seed}`);
      const accuracy = 0.9 + group * 0.02 + (seed % 3) * 0.004 + ((seed * 7 + group * 3) % 5) * 0.001;
      await api.log(id, { accuracy: [accuracy] }, 0, { optimizer, seed });
      ids.push(id);
    }
  }
  await page.goto(`/compare?runs=${ids.join(",")}&view=groups`);
  await awake(page);
  const result = page.getByRole("table", { name: "Group A against group B" });
  await expect(result.getByRole("row", { name: /^accuracy/ })).toContainText(/B is better by 0\.0\d+ ± .*n = 5 pairs/);
  await picture(page, "compare-groups");
  await page.getByRole("link", { name: "adam-0 in no group" }).click();
  await expect(result.getByRole("row", { name: /^accuracy/ })).toContainText("n = 4 and 5");
});

test("the table is taken along as a file and as Markdown", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}&view=params`);
  await awake(page);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  expect((await download).suggestedFilename()).toBe("compare-params.csv");
  await page.getByRole("button", { name: "Copy as Markdown" }).click();
  await expect(page.getByText("Copied the table as Markdown")).toBeVisible();
});

test("images of the runs stand side by side at one step", async ({ page, api }, info) => {
  const experiment = await api.experiment(`images ${info.project.name}`);
  const ids = [await api.run(experiment, "sharp"), await api.run(experiment, "blurred"), await api.run(experiment, "broken")];
  const image = (shade: number) => png(64, (x, y) => (shade + ((x >> 3) + (y >> 3)) * 8) % 256);
  const at = (id: string, step: number, shade: number) => api.artifact(id, `media/samples/${step}.png`, image(shade));
  for (const step of [0, 9, 10, 40]) await at(ids[0], step, step * 5);
  for (const step of [0, 20]) await at(ids[1], step, 255 - step * 5);
  await at(ids[2], 0, 128);
  await api.artifact(ids[2], "media/samples/40.png", "no image");
  await api.artifact(ids[0], "media/other/3.png", image(7));
  await page.goto(`/compare?runs=${ids.join(",")}&view=artifacts&image=samples`);
  await awake(page);
  const card = page.getByRole("region", { name: "Images samples" });
  const slider = card.getByRole("slider", { name: "Step" });
  await expect(card).toContainText("step 40 (5 of 5)");
  const one = (name: string) => card.getByRole("listitem").filter({ hasText: name });
  await expect(one("sharp").getByRole("img", { name: "sharp at step 40" })).toBeVisible();
  await expect(one("blurred")).toContainText("step 20, the last before");
  await expect(one("broken")).toContainText("no image that can be shown");
  await picture(page, "compare-images");
  await slider.focus();
  await slider.press("ArrowLeft");
  await slider.press("ArrowLeft");
  await expect(card).toContainText("step 10 (3 of 5)");
  await expect(one("broken").getByRole("img", { name: "broken at step 0" })).toBeVisible();
  await slider.press("ArrowLeft");
  await expect(one("sharp").getByRole("img", { name: "sharp at step 9" })).toBeVisible();
  await expect(page).toHaveURL(/at=9/);
  await page.reload();
  await awake(page);
  await expect(card).toContainText("step 9 (2 of 5)");
  await card.getByRole("combobox", { name: "Images" }).selectOption("other");
  await expect(page.getByRole("region", { name: "Images other" })).toContainText("step 3 (1 of 1)");
});

test("a whole comparison leaves as one file that needs no server", async ({ page, api, browser }, info) => {
  const experiment = await api.experiment(`taken along ${info.project.name}`);
  const hostile = "</script><img src=x onerror=alert(1)><!-- \"b\"";
  const ids = [await api.run(experiment, "calm"), await api.run(experiment, hostile)];
  for (const [place, id] of ids.entries()) {
    const steps = Array.from({ length: 3000 }, (_, step) => step);
    const loss = steps.map((step) => 2 / (1 + step / 200) + place * 0.1 + Math.sin(step * (7 + place)) * 0.02);
    if (place === 1) loss[2000] = 1.9;
    await api.log(id, { "val/loss": loss, "train/loss": loss.map((value) => value * 0.8) }, 0, { lr: 0.1 * (place + 1), note: hostile.slice(place) });
    await api.note(id, `# Run ${place}\n${hostile}`);
    await api.end(id, "completed");
  }
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "HTML" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("comparison.html");
  const saved = info.outputPath("comparison.html");
  await file.saveAs(saved);

  const { viewport, colorScheme, isMobile, hasTouch, deviceScaleFactor } = info.project.use;
  const away = await browser.newContext({ offline: true, viewport, colorScheme, isMobile, hasTouch, deviceScaleFactor });
  const reader = await away.newPage();
  const told: string[] = [];
  reader.on("console", (message) => told.push(message.text()));
  reader.on("pageerror", (error) => told.push(error.message));
  reader.on("dialog", (dialog) => told.push(dialog.message()));
  reader.on("request", (request) => {
    if (!request.url().startsWith("file:")) told.push(request.url());
  });
  await reader.goto(pathToFileURL(saved).href);
  await expect(reader.getByRole("heading", { level: 1 })).toContainText(hostile);
  await expect(reader.getByRole("table", { name: "" }).first()).toBeVisible();
  await expect(reader.locator("pre.note").last()).toContainText(hostile);
  const figure = reader.getByRole("figure", { name: "val/loss" });
  await expect(figure).toContainText(/of 6\s000 points/);
  const plot = figure.getByRole("img");
  await plot.scrollIntoViewIfNeeded();
  const folder = path.join(screenshots, info.project.name);
  const box = (await plot.boundingBox())!;
  const at = (share: number) => box.x + 56 + share * (box.width - 68);
  await reader.mouse.move(at(0.5), box.y + 100);
  const tip = figure.locator(".tip");
  await expect(tip).toContainText(/step 1[45]\d\d/);
  // The higher curve is told first.
  await expect(tip.locator("div").nth(1)).toContainText(hostile);
  await reader.screenshot({ path: path.join(folder, "compare-offline-tip.png") });
  if (!isMobile) {
    await reader.mouse.move(at(0.5), box.y + 100);
    await reader.mouse.down();
    await reader.mouse.move(at(0.6), box.y + 120, { steps: 3 });
    await reader.mouse.move(at(0.75), box.y + 120, { steps: 3 });
    await reader.mouse.up();
    await expect(figure.locator("svg text", { hasText: /^2[0-9]00$/ }).first()).toBeVisible();
    await expect(figure.locator("svg text", { hasText: /^0$/ })).toHaveCount(0);
    await reader.screenshot({ path: path.join(folder, "compare-offline-zoom.png") });
    await plot.dblclick();
    await expect(figure.locator("svg text", { hasText: /^(0|500|1000)$/ }).first()).toBeVisible();
  }
  await plot.focus();
  await plot.press("ArrowRight");
  await expect(tip).toBeVisible();
  await plot.press("Escape");
  await figure.getByRole("button", { name: "calm" }).click();
  await expect(plot).toHaveAccessibleName("val/loss: 1 of 2 curves over the step");
  await figure.getByRole("button", { name: "calm" }).click();
  await reader.evaluate(() => scrollTo(0, 0));
  await reader.screenshot({ path: path.join(folder, "compare-offline.png"), fullPage: true });
  await fits(reader);
  expect(told).toEqual([]);
  await away.close();
});

test("a run is taken out of the comparison", async ({ page, world }) => {
  const ids = chosen.map((name) => world.runs[name]);
  await page.goto(`/compare?runs=${ids.join(",")}`);
  await awake(page);
  await page.getByRole("link", { name: `Remove ${chosen[1]} from the comparison` }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Compare 2 runs" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Compared runs" })).not.toContainText(chosen[1]);
});

test("a comparison of nothing says how to begin", async ({ page }) => {
  await page.goto("/compare");
  await expect(page.getByRole("heading", { name: "Nothing to compare yet" })).toBeVisible();
  await picture(page, "compare-nothing");
});
