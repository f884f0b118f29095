// A server of the tests' own: a free port, a temporary folder, ended with the tests.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import readline from "node:readline";

const binary = path.resolve(
  import.meta.dirname,
  process.env.TRACKWAY_BINARY ?? "../target/debug/trackway",
);

const startWithinMs = 60_000;
const stopWithinMs = 10_000;

export interface Server {
  url: string;
  token: string;
  signInLink: string;
  /** Its SQLite file. */
  database: string;
  stop: () => Promise<void>;
}

export async function start(): Promise<Server> {
  const home = mkdtempSync(path.join(tmpdir(), "trackway-end2end-"));
  const credentials = path.join(home, "credentials.json");
  const child = spawn(binary, ["serve", "--listen", "127.0.0.1:0", "--data", path.join(home, "data")], {
    // Two of the clients' heartbeats: a test can wait for a run to be lost, and none is by mistake.
    env: { ...process.env, TRACKWAY_CREDENTIALS: credentials, TRACKWAY_LOST_AFTER_SECONDS: "20" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { url, signInLink } = await announced(child);
  const { servers } = JSON.parse(readFileSync(credentials, "utf8"));
  const stop = async () => {
    await ended(child);
    rmSync(home, { recursive: true, force: true });
  };
  const database = path.join(home, "data", "trackway.db");
  return { url, token: servers[url].token, signInLink, database, stop };
}

/** Reads the two lines that a server prints once it listens. */
function announced(child: ChildProcess): Promise<{ url: string; signInLink: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no word from ${binary}`)), startWithinMs);
    const said: Record<string, string> = {};
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`${binary} ended with ${code}`)));
    readline.createInterface({ input: child.stdout! }).on("line", (line) => {
      const [, what, value] = /^(listening on|sign in:) (.+)$/.exec(line) ?? [];
      if (what) said[what] = value;
      if (said["listening on"] && said["sign in:"]) {
        clearTimeout(timer);
        resolve({ url: said["listening on"], signInLink: said["sign in:"] });
      }
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
    child.on("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
