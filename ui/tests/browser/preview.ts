/** Serves the built demo while the browser tests run. */
import { preview } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    origin: string;
  }
}

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  const server = await preview({
    mode: "browser",
    build: { outDir: "dist-browser" },
    // Port 0 is not possible here: Vite looks for the next free one from this on.
    preview: { port: 4173, strictPort: false, host: "127.0.0.1" },
  });
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error("the preview server has no address");
  project.provide("origin", url);
  return () => server.close();
}
