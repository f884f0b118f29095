// What pages cost in Chromium: `cargo xtask bench ui`. Measured one after the other, never as a test.

import { defineConfig } from "@playwright/test";
import tests from "../playwright.config";

export default defineConfig({
  testDir: ".",
  testMatch: "*.bench.ts",
  outputDir: "../../target/end2end/bench",
  workers: 1,
  retries: 0,
  timeout: 60 * 60 * 1000,
  reporter: [["line"]],
  use: { launchOptions: tests.use?.launchOptions, viewport: { width: 1440, height: 900 } },
});
