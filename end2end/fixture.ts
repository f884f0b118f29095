// What every browser test stands on: the seeded server, and a page that may not complain.

import { test as base, expect, type Page } from "@playwright/test";
import axe from "axe-core";
import path from "node:path";
import { Api } from "./api";
import { readWorld, screenshots, type World } from "./place";

/** How many times slower than they are the pages run (`TRACKWAY_SLOW=6`): what only a loaded machine shows. */
const slow = Number(process.env.TRACKWAY_SLOW ?? 1);

interface Fixtures {
  world: World;
  api: Api;
  /** Messages of the console that a test provokes on purpose. */
  expected: RegExp[];
  /** Fails the test on anything that the page should not have said or asked. */
  calm: void;
}

export const test = base.extend<Fixtures>({
  world: async ({}, use) => use(readWorld()),
  api: async ({ world }, use) => use(new Api(world.url, world.token)),
  baseURL: async ({ world }, use) => use(world.url),
  expected: [[], { option: true }],
  calm: [
    async ({ context, world, expected }, use) => {
      const complaints: string[] = [];
      const complain = (text: string) => {
        if (!expected.some((pattern) => pattern.test(text))) complaints.push(text);
      };
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          console.error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`);
        });
      });
      context.on("page", async (page) => {
        if (slow > 1) await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slow });
      });
      context.on("console", (message) => {
        if (message.type() === "error") complain(`console: ${message.text()}`);
      });
      context.on("weberror", (error) => complain(`page: ${error.error().message}`));
      context.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== world.url) complain(`asks ${url.href}`);
      });
      await use();
      expect(complaints, "what the pages complained of").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };

/** Waits until the page has woken: its event stream is opened by the application, not by the server's HTML. */
export async function awake(page: Page) {
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
}

/** No violation that keeps somebody out. */
export async function accessible(page: Page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<{ violations: axe.Result[] }>("axe.run()");
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  expect(told, "what axe finds serious").toEqual([]);
}

/** Nothing is cut off: the page itself never scrolls sideways. */
export async function fits(page: Page) {
  const [content, window] = await page.evaluate(() => {
    const root = document.documentElement;
    return [root.scrollWidth, root.clientWidth];
  });
  expect(content, "width of the content").toBeLessThanOrEqual(window);
}

/** Takes a page's picture for people to look at, and checks what a picture does not show. */
export async function picture(page: Page, name: string) {
  await whole(page, async () => {
    const file = path.join(screenshots, test.info().project.name, `${name}.png`);
    await page.screenshot({ path: file, animations: "disabled" });
  });
  await fits(page);
  await accessible(page);
}

/** Makes the window as high as the page, so that what sticks to an edge of the window sticks to the page's. */
async function whole(page: Page, look: () => Promise<void>) {
  const window = page.viewportSize()!;
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width: window.width, height: Math.max(height, window.height) });
  await page.evaluate(() => scrollTo(0, 0));
  // Charts that came into view fetch their curves.
  await expect(page.getByRole("img", { name: /: loading$/ })).toHaveCount(0);
  await look();
  await page.setViewportSize(window);
}
