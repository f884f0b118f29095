// The search over everything, and the way through the application with the keyboard alone.

import { accessible, awake, expect, picture, test } from "../fixture";
import { fullRun, sweep } from "../seed";

test("a run is found by a part of its name, opened by Enter, and Escape gives the keyboard back", async ({ page, isMobile }) => {
  await page.goto("/experiments");
  await awake(page);
  const field = page.getByRole("combobox", { name: "Search everything" });
  await page.getByRole("link", { name: "Search everything" }).click();
  await expect(field).toBeFocused();
  await expect(page.getByRole("group", { name: "Newest runs" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(field).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Search everything" })).toBeFocused();
  test.skip(isMobile, "a phone has no keys");
  await page.keyboard.press("Control+K");
  await page.keyboard.type("eep-01");
  const runs = page.getByRole("group", { name: "Runs" });
  await expect(runs.getByRole("option")).toHaveCount(1);
  await expect(runs.getByRole("option", { name: fullRun })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: fullRun })).toBeVisible();
});

test("arrow keys go through what was found, a metric leads to its column, and actions act", async ({ page, world, isMobile }) => {
  test.skip(isMobile, "a phone has no keys");
  await page.goto(`/experiments/${world.experiments[sweep]}`);
  await awake(page);
  await page.keyboard.press("Control+K");
  await page.keyboard.type("accur");
  const option = page.getByRole("option", { name: "val/accuracy" });
  await expect(option).toBeVisible();
  await picture(page, "search");
  while ((await option.getAttribute("aria-selected")) !== "true") await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/sort=metrics\.val%2Faccuracy%20desc/);
  await expect(page.getByRole("columnheader", { name: /val\/accuracy/ })).toHaveAttribute("aria-sort", "descending");
  // The answer has not come yet: Enter waits for it.
  await page.keyboard.press("Control+K");
  await page.keyboard.type("make exp");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "New experiment" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(/\/experiments$/);
  await page.keyboard.press("Control+K");
  await page.keyboard.type("no such thing");
  await expect(page.getByRole("status").filter({ hasText: "Nothing found" })).toBeVisible();
  await accessible(page);
});

test("with the keyboard alone: find, filter, select two runs, compare", async ({ page, isMobile }) => {
  test.skip(isMobile, "a phone has no keys");
  await page.goto("/experiments");
  await awake(page);
  const keys = async (...all: string[]) => {
    for (const key of all) await page.keyboard.press(key);
  };
  await keys("/");
  await page.keyboard.type("hand-written");
  await expect(page.getByRole("table").getByRole("row")).toHaveCount(2);
  await keys("Escape", "j", "Enter");
  await expect(page.getByRole("heading", { level: 1, name: sweep })).toBeVisible();
  await awake(page);
  await keys("/");
  await page.keyboard.type("sweep-0");
  await expect(page.getByRole("checkbox", { name: /^Select sweep-/ })).toHaveCount(9);
  await keys("Escape", "j", "x", "j", "x", "c");
  await expect(page.getByRole("heading", { level: 1, name: "Compare 2 runs" })).toBeVisible();
});

test.describe("without a script", () => {
  test.use({ javaScriptEnabled: false });

  test("the search is a page with a form", async ({ page }) => {
    await page.goto("/experiments");
    await page.getByRole("link", { name: "Search everything" }).click();
    await page.getByRole("searchbox", { name: "Search everything" }).fill("EEP-01");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await expect(page).toHaveURL(/\/search\?text=EEP-01/);
    await page.getByRole("main").getByRole("link", { name: fullRun }).click();
    await expect(page.getByRole("heading", { level: 1, name: fullRun })).toBeVisible();
  });
});
