// Browser tests: the real server, seeded through its API, in Chromium: light and dark, desktop and phone.

import { defineConfig } from "@playwright/test";
import { session } from "./place";

const root = process.getuid?.() === 0;

const desktop = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

/** Stories that take minutes, of pages that dark was looked at on a desktop. */
const seenWide = /(digits|environment|frame|plain|process|param|project|run|run-event|search|sign-in|view)\.spec\.ts$/;

export default defineConfig({
  testDir: "tests",
  outputDir: "../target/end2end/results",
  globalSetup: "./set-up.ts",
  fullyParallel: true,
  forbidOnly: true,
  // A test that passes only sometimes is broken.
  retries: 0,
  workers: 2,
  // The software rasteriser of a loaded machine is slow, a broken page is slower.
  timeout: 120_000,
  expect: { timeout: 45_000 },
  reporter: [["list"]],
  use: {
    storageState: session,
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // Chromium's sandbox refuses to start as root.
      chromiumSandbox: !root,
      args: [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "desktop-light", use: { ...desktop, colorScheme: "light" } },
    { name: "desktop-dark", use: { ...desktop, colorScheme: "dark" } },
    { name: "phone-light", use: { ...phone, colorScheme: "light" } },
    // Colours come from the same tokens at every width: what is told of them on a wide screen is not told again.
    { name: "phone-dark", use: { ...phone, colorScheme: "dark" }, testIgnore: seenWide },
  ],
});
