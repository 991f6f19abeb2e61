import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

it("leaves Tauri to the door's two files", () => {
  const source = join(import.meta.dirname, "../../src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.(ts|svelte)$/.test(name),
  );
  const knowing = files.filter((name) => readFileSync(join(source, name), "utf8").includes("@tauri-apps/"));
  const allowed = [join("lib", "backend.tauri.ts"), join("lib", "bindings.ts")];
  expect(files.length).toBeGreaterThan(50);
  expect(knowing.filter((name) => !allowed.includes(name))).toEqual([]);
});
