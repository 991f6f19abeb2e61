/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Which backend the program talks to is decided when it is built: `--mode browser` is the demo in memory. */
const backends: Record<string, string> = { browser: "./src/lib/backend.memory.ts" };
const shell = "./src/lib/backend.tauri.ts";

export default defineConfig(({ mode }) => ({
  plugins: [
    svelte({
      onwarn(warning) {
        throw new Error(`${warning.filename ?? ""}: ${warning.message}`);
      },
    }),
  ],
  resolve: {
    alias: { $backend: here(backends[mode] ?? shell), $lib: here("./src/lib") },
    ...(mode === "test" ? { conditions: ["browser"] } : {}),
  },
  clearScreen: false,
  server: { port: 1420, strictPort: true },
  build: { target: "es2022", reportCompressedSize: false, assetsInlineLimit: 0 },
  test: { environment: "jsdom", include: ["tests/unit/**/*.test.ts"], setupFiles: ["tests/unit/setup.ts"] },
}));
