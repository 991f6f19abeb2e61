/** Makes every platform's icons from icons/source.svg. Needs `rsvg-convert` (Debian: librsvg2-bin). */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const icons = fileURLToPath(new URL("../../icons/", import.meta.url));
const tauri = fileURLToPath(new URL("../node_modules/.bin/tauri", import.meta.url));

/** What the desktop bundles name; `tauri icon` makes more, for shops and telephones. */
const wanted = ["32x32.png", "128x128.png", "128x128@2x.png", "icon.png", "icon.ico", "icon.icns"];

const made = mkdtempSync(join(tmpdir(), "trunkline-icons-"));
try {
  const picture = join(made, "source.png");
  execFileSync("rsvg-convert", ["-w", "1024", "-h", "1024", "-o", picture, join(icons, "source.svg")]);
  execFileSync(tauri, ["icon", picture, "-o", made], { stdio: "inherit" });
  for (const name of wanted) copyFileSync(join(made, name), join(icons, name));
} finally {
  rmSync(made, { recursive: true, force: true });
}
