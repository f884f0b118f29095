// Signing in: by a link that works once.

import { expect, picture, test } from "../fixture";
import { sweep } from "../seed";

test.use({ storageState: { cookies: [], origins: [] } });

test("a stranger is told how to sign in", async ({ page }) => {
  await page.goto("/experiments");
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByRole("heading", { name: "Sign in to Trackway" })).toBeVisible();
  await expect(page.getByText(sweep)).toHaveCount(0);
  await picture(page, "sign-in");
});

test("a sign-in link opens the door once", async ({ page, api, browser, world }) => {
  const { url } = await api.send("POST", "/sign-in-links");
  await page.goto(url);
  await expect(page.getByRole("heading", { level: 1, name: "Experiments" })).toBeVisible();
  const other = await browser.newContext({ baseURL: world.url, storageState: { cookies: [], origins: [] } });
  const stranger = await other.newPage();
  await stranger.goto(url);
  await stranger.goto("/experiments");
  await expect(stranger.getByRole("heading", { name: "Sign in to Trackway" })).toBeVisible();
  await other.close();
});
