// Looks at a page from outside: when something is seen first, what came over the wire, what the main thread did.

import { readFileSync } from "node:fs";
import type { Browser, BrowserContextOptions, CDPSession, Page } from "@playwright/test";

/** Answers inside the page whether what is waited for is on the screen. */
export type Sight = (wanted: string) => boolean;

export interface Load {
  page: Page;
  session: CDPSession;
  /** From the start of the navigation until the frame after the one in which it was there. */
  seenMs: () => Promise<number>;
  wireKb: () => number;
  requests: () => number;
  close: () => Promise<void>;
}

/** Opens a page with an empty cache. The clock runs inside the page, frame by frame. */
export async function open(
  browser: Browser,
  url: string,
  sight: Sight,
  wanted = "",
  options: BrowserContextOptions = {},
): Promise<Load> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  await context.addInitScript({
    content: `if (window === window.top) {
      const sight = ${sight.toString()};
      const look = () => {
        let seen = false;
        try { seen = sight(${JSON.stringify(wanted)}); } catch {}
        requestAnimationFrame(seen ? () => { window.seenMs = performance.now(); } : look);
      };
      requestAnimationFrame(look);
      window.longTasks = [];
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) window.longTasks.push([startTime, duration]);
      }).observe({ type: "longtask", buffered: true });
    }`,
  });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Performance.enable");
  let [bytes, requests] = [0, 0];
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests += 1;
  });
  await page.goto(url, { waitUntil: "commit" });
  const seenMs = async () => {
    const seen = await page.waitForFunction(() => (window as any).seenMs, undefined, { timeout: 180_000 });
    return (await seen.jsonValue()) as number;
  };
  return {
    page,
    session,
    seenMs,
    wireKb: () => bytes / 1000,
    requests: () => requests,
    close: () => context.close(),
  };
}

/** A canvas has colour on it: axes and grids are grey, and so nearly are some curves. Copied first, because some are painted from another thread. */
export const inked: Sight = (wanted) => {
  const canvases = [...document.querySelectorAll<HTMLCanvasElement>(wanted)];
  return canvases.some((canvas) => {
    if (!canvas.width || !canvas.height) return false;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true })!;
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let colored = 0;
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
      if (data[at + 3]! > 60 && Math.max(red, green, blue) - Math.min(red, green, blue) > 30) colored += 1;
      if (colored > 100) return true;
    }
    return false;
  });
};

/** A text stands in the document where the window shows it. */
export const told: Sight = (wanted) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.nodeValue!.includes(wanted)) continue;
    const box = node.parentElement!.getBoundingClientRect();
    if (box.width && box.height && box.top < innerHeight && box.bottom > 0) return true;
  }
  return false;
};

/** A selector matches something whose attribute `d` is as long as a curve's. */
export const pathed: Sight = (wanted) => {
  return [...document.querySelectorAll(wanted)].some((path) => (path.getAttribute("d") ?? "").length > 300);
};

/** Time of the main thread in milliseconds since the page began. */
export async function mainThreadMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")!.value * 1000;
}

export async function longestTaskMs(page: Page, sinceMs: number): Promise<number> {
  const tasks: [number, number][] = await page.evaluate(() => (window as any).longTasks);
  return Math.max(0, ...tasks.filter(([start]) => start >= sinceMs).map(([, duration]) => duration));
}

export const now = (page: Page): Promise<number> => page.evaluate(() => performance.now());

/** Memory of the largest of the browser's page processes, shared pages counted in part. */
export async function tabMb(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const sizes = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => {
      try {
        const [, kb] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/smaps_rollup`, "utf8"))!;
        return Number(kb) / 1000;
      } catch {
        return 0;
      }
    });
  return Math.max(...sizes);
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Columns of a picture in which something coloured stands, and those in which it stands in the upper quarter of all. */
export async function coloredColumns(browser: Browser, png: Buffer): Promise<{ all: number[]; high: number[] }> {
  const page = await browser.newPage();
  const found = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d")!;
    context.drawImage(image, 0, 0);
    const { data, width, height } = context.getImageData(0, 0, image.width, image.height);
    const tops = Array.from({ length: width }, (_, x) => {
      for (let y = 0; y < height; y += 1) {
        const at = (y * width + x) * 4;
        const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
        // Thin strokes are mixed with what is behind them.
        if (Math.max(red, green, blue) - Math.min(red, green, blue) > 24) return y;
      }
      return height;
    });
    const all = tops.map((_, x) => x).filter((x) => tops[x]! < height);
    const top = Math.min(...tops);
    return { all, high: all.filter((x) => tops[x]! < top + (height - top) / 4) };
  }, png.toString("base64"));
  await page.close();
  return found;
}
