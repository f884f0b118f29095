// The frame of every page: theme, keys, skip link.

import { awake, expect, picture, test } from "../fixture";
import { sweep } from "../seed";

/** The module of an experiment's page, which a list does not load. */
const experimentModule = /\/split_experiment_\d+\.wasm$/;
const oldest = "/experiments?sort=created&reverse=true";

test("the theme is chosen and remembered", async ({ page }) => {
  await page.goto("/experiments");
  await awake(page);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.getByRole("button", { name: "Theme: auto" }).click();
  await expect(page.getByRole("button", { name: "Theme: light" })).toBeVisible();
  const light = await background();
  await page.getByRole("button", { name: "Theme: light" }).click();
  await expect(page.getByRole("button", { name: "Theme: dark" })).toBeVisible();
  await expect.poll(background).not.toBe(light);
  await page.reload();
  await awake(page);
  await expect(page.getByRole("button", { name: "Theme: dark" })).toBeVisible();
});

test("keys move through rows and pages", async ({ page, isMobile }) => {
  test.skip(isMobile, "a phone has no keys");
  await page.goto("/experiments");
  await awake(page);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await picture(page, "keys");
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search name and description" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/experiments\/\d+/);
  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/\/experiments$/);
});

test("the first tab stop skips to the content", async ({ page, isMobile }) => {
  test.skip(isMobile, "a phone has no tab key");
  await page.goto("/experiments");
  await awake(page);
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
});

test.describe("with a module that fails", () => {
  test.use({ expected: [/Failed to load resource/] });

  test("a module that does not come is asked for again", async ({ page }) => {
    await page.goto(oldest);
    await awake(page);
    let asked = 0;
    await page.route(experimentModule, async (route) => {
      asked += 1;
      await (asked < 3 ? route.abort() : route.continue());
    });
    await page.getByRole("link", { name: sweep }).click();
    await expect(page.getByRole("heading", { level: 1, name: sweep })).toBeVisible();
    expect(asked).toBe(3);
  });

  test("a page whose modules are no longer served is loaded anew", async ({ page }) => {
    await page.goto(oldest);
    await awake(page);
    await page.route(experimentModule, (route) => route.fulfill({ status: 404 }));
    const anew = page.waitForEvent("load");
    await page.getByRole("link", { name: sweep }).click();
    await anew;
    await page.unroute(experimentModule);
    await awake(page);
    await page.getByRole("link", { name: sweep }).click();
    await expect(page.getByRole("heading", { level: 1, name: sweep })).toBeVisible();
  });
});
