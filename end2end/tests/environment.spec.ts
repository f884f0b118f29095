// What a run ran on.

import type { Api } from "../api";
import { awake, expect, picture, test } from "../fixture";

const commit = "3f2a9c1d5b7e8f0a1b2c3d4e5f60718293a4b5c6";

async function told(api: Api): Promise<string> {
  const id = await api.run("0", "trained somewhere");
  const packages = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`package-${index}`, `1.${index}`]));
  await api.send("PUT", `/runs/${id}/environment`, {
    git: {
      commit,
      branch: "wider-net",
      remote: "git@example.org:team/digits.git",
      dirty: true,
      diff_path: "code/diff.patch",
    },
    command: ["python", "train.py", "--lr", "0.01", "--note", "it's wide"],
    entry: "train.py",
    cwd: "/home/ada/digits",
    python: { version: "3.12.4", implementation: "CPython", executable: "/home/ada/.venv/bin/python" },
    packages: { numpy: "2.1.0", torch: "2.5.1", ...packages },
    host: { name: "gpu-node-7", os: "Linux 6.8", arch: "x86_64", cpu: "EPYC 7763", cpu_count: 64, memory_bytes: 540e9 },
    gpus: Array.from({ length: 8 }, () => ({ name: "A100-SXM4-80GB", memory_bytes: 85e9, driver: "550.54" })),
    seeds: { python: 7, numpy: 7 },
    variables: { CUDA_VISIBLE_DEVICES: "0,1,2,3,4,5,6,7", API_KEY: "***" },
  });
  await api.artifact(id, "code/diff.patch", "--- a/train.py\n+++ b/train.py\n");
  return id;
}

test("code, command, machine and packages are told", async ({ page, api }) => {
  const id = await told(api);
  await page.goto(`/runs/${id}?tab=environment`);
  await awake(page);
  const code = page.getByRole("region", { name: "Code" });
  await expect(code).toContainText(commit.slice(0, 12));
  await expect(code).toContainText("wider-net");
  await expect(code).toContainText("python train.py --lr 0.01 --note 'it'\\''s wide'");
  await expect(code).toContainText("CPython 3.12.4");
  const machine = page.getByRole("region", { name: "Machine" });
  await expect(machine).toContainText("gpu-node-7");
  await expect(machine).toContainText("8 × A100-SXM4-80GB");
  const packages = page.getByRole("region", { name: /^Packages/ });
  await expect(packages).toContainText("62");
  await picture(page, "run-environment");
  await page.getByRole("searchbox", { name: "Find a package" }).fill("TORCH");
  await expect(packages.getByRole("definition")).toHaveText(["2.5.1"]);
  await code.getByRole("link", { name: "uncommitted changes" }).click();
  await expect(page).toHaveURL(/tab=artifacts&path=code%2Fdiff.patch/);
});

test("an environment that comes late shows without a reload", async ({ page, api }) => {
  const id = await api.run("0", "silent about itself");
  await page.goto(`/runs/${id}?tab=environment`);
  await awake(page);
  await expect(page.getByRole("heading", { name: "The client told nothing of its environment" })).toBeVisible();
  await api.send("PUT", `/runs/${id}/environment`, { cwd: "/somewhere/else" });
  await expect(page.getByRole("region", { name: "Code" })).toContainText("/somewhere/else");
});

test("uncommitted changes are read line by line, and the run's commands are there to copy", async ({ page, api }) => {
  const id = await api.run("0", "to be run again");
  await api.send("PUT", `/runs/${id}/environment`, {
    git: {
      commit: "3f2a9c1d5b7e8f0a1b2c3d4e5f60718293a4b5c6",
      remote: "git@example.org:team/digits.git",
      dirty: true,
      diff_path: "code/diff.patch",
    },
    command: ["/opt/venv/bin/python", "train.py", "--note", "it's $HOME"],
    cwd: "/home/ada/digits",
    python: { version: "3.12.4" },
    packages: { numpy: "2.1.0", torch: "2.5.1" },
  });
  const patch = "diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1,2 +1,2 @@\n lr = 1\n-depth = 3\n+depth = 4\n";
  await api.artifact(id, "code/diff.patch", patch);
  await page.goto(`/runs/${id}?tab=environment`);
  await awake(page);
  const commands = page.getByRole("region", { name: "Commands that run it again" });
  await expect(commands).toContainText("git clone -- git@example.org:team/digits.git digits");
  await expect(commands).toContainText("python train.py --note 'it'\\''s $HOME'");
  await expect(page.getByRole("list", { name: "What these lines cannot do" })).toContainText("/home/ada/digits");
  const changes = page.getByRole("region", { name: "Uncommitted changes, line by line" });
  await expect(changes).toContainText("+depth = 4");
  await expect(page.getByText("1 added, 1 removed")).toBeVisible();
  await picture(page, "run-reproduce");
});
