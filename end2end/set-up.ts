// Before all tests: start a server, fill it, sign in. After them: end it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "@playwright/test";
import { Api } from "./api";
import { folder, screenshots, session, type World, worldFile } from "./place";
import { seed } from "./seed";
import { start } from "./server";

export default async function setUp() {
  rmSync(screenshots, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const server = await start();
  try {
    const { url, token } = server;
    const world: World = { url, token, ...(await seed(new Api(url, token))) };
    writeFileSync(worldFile, JSON.stringify(world));
    const visitor = await request.newContext();
    const answer = await visitor.get(server.signInLink);
    if (!answer.ok()) throw new Error(`the sign-in link answers ${answer.status()}`);
    await visitor.storageState({ path: session });
    await visitor.dispose();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server.stop;
}
