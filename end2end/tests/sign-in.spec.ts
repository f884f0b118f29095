// Signing in by a link that works once, and what somebody sees whose role only lets them look.

import { execFileSync } from "node:child_process";
import path from "node:path";
import { request } from "@playwright/test";
import { awake, expect, picture, test } from "../fixture";
import { sweep } from "../seed";
import { type Server, start } from "../server";

test.describe("without a session", () => {
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
});

const python = process.env.TRACKWAY_PYTHON ?? path.resolve(import.meta.dirname, "../../target/venv/bin/python");

/** Every person of the server gets this role. */
type Demote = (role: "viewer" | "member") => void;

const roleTest = test.extend<{ server: Server; demote: Demote }>({
  server: async ({}, use) => {
    const server = await start();
    await use(server);
    await server.stop();
  },
  world: async ({ server: { url, token } }, use) => use({ url, token, experiments: {}, runs: {} }),
  storageState: async ({ server }, use) => {
    const visitor = await request.newContext();
    await visitor.get(server.signInLink);
    await use(await visitor.storageState());
    await visitor.dispose();
  },
  demote: async ({ server }, use) =>
    use((role) => {
      const change = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('UPDATE account SET role = ?', (sys.argv[2],)); db.commit()";
      execFileSync(python, ["-c", change, server.database, role]);
    }),
});

roleTest("who may only look is offered nothing that changes anything", async ({ page, api, demote }) => {
  const id = await api.experiment("looked at");
  const [first, second] = [await api.run(id, "first"), await api.run(id, "second")];
  for (const run of [first, second]) {
    await api.log(run, { loss: [3, 2, 1] }, 0, { lr: 0.1 });
    await api.note(run, "Said *once*");
    await api.artifact(run, "report.txt", "all well");
  }
  await api.send("PATCH", `/runs/${second}`, { trashed: true });
  demote("viewer");
  const offered = (name: string | RegExp) => page.getByRole("button", { name }).filter({ visible: true });

  await page.goto("/experiments");
  await awake(page);
  await expect(page.getByRole("link", { name: "looked at" })).toBeVisible();
  await expect(offered(/new|edit|archive|trash/i)).toHaveCount(0);
  await picture(page, "viewer-experiments");

  await page.goto(`/experiments/${id}`);
  await awake(page);
  await expect(offered(/edit|archive|trash|colour/i)).toHaveCount(0);
  await page.getByRole("checkbox", { name: "Select first" }).check();
  const bar = page.getByRole("region", { name: "Selected runs" });
  await expect(bar).toBeVisible();
  await expect(bar.getByRole("button", { name: /tag|archive|trash|move/i })).toHaveCount(0);
  await picture(page, "viewer-runs");
  await page.getByRole("button", { name: "More on first" }).click();
  await expect(page.getByRole("menu").getByRole("menuitem", { name: /rename|tag|trash|archive/i })).toHaveCount(0);
  await expect(page.getByRole("menu").getByRole("menuitem", { name: "Note" })).toHaveAttribute("href", /tab=notes/);

  await page.goto(`/runs/${first}`);
  await awake(page);
  await expect(offered(/rename|tag|archive|trash|stop|move|write/i)).toHaveCount(0);
  await picture(page, "viewer-run");
  await page.goto(`/runs/${first}?tab=artifacts&path=report.txt`);
  await awake(page);
  await expect(page.getByText("all well")).toBeVisible();
  await expect(offered(/upload|delete|remove/i)).toHaveCount(0);
  await page.goto(`/runs/${first}?tab=notes`);
  await awake(page);
  await expect(page.getByText("Said once")).toBeVisible();
  await expect(offered(/write|edit|save|restore/i)).toHaveCount(0);
  await page.goto(`/runs/${second}`);
  await awake(page);
  await expect(offered(/restore/i)).toHaveCount(0);

  await page.goto("/trash");
  await awake(page);
  await expect(page.getByText("second")).toBeVisible();
  await expect(offered(/restore|delete/i)).toHaveCount(0);
  await picture(page, "viewer-trash");
});

roleTest.describe("a right that is taken away while a page is open", () => {
  roleTest.use({ expected: [/403/] });

  roleTest("is said, and nothing changes", async ({ page, api, demote }) => {
    const id = await api.experiment("was mine");
    const run = await api.run(id, "kept");
    await page.goto(`/runs/${run}`);
    await awake(page);
    demote("viewer");
    await page.getByRole("button", { name: "Archive", exact: true }).click();
    await expect(page.getByRole("status", { name: "Messages" })).toContainText("this needs the role member");
    await picture(page, "viewer-refused");
    demote("member");
    expect((await api.send("GET", `/runs/${run}`)).archived_at_ms ?? null).toBeNull();
  });
});
