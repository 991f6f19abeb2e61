/** A desktop of a test's own: a screen, a home, a session bus and a keychain. Nothing of the user's is touched. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLine, program, Running, until } from "./programs";

/** Runs in the page before its own scripts: keeps everything that crosses between the page and the program. */
const overhear = `
  const heard = (window.heard = { out: [], in: [] });
  const send = window.fetch;
  window.fetch = (url, init) => {
    heard.out.push([decodeURIComponent(String(url).split("/").at(-1)), String(init?.body ?? "")]);
    return send(url, init);
  };
  const { callbacks } = window.__TAURI_INTERNALS__;
  callbacks.set = (id, callback) => Map.prototype.set.call(callbacks, id, (data) => {
    heard.in.push(JSON.stringify(data) ?? "");
    return callback(data);
  });`;

/** Opens the keychain; it protects nothing but what these tests store. */
const keychainPassword = "open sesame";

export interface DeskOptions {
  width?: number;
  height?: number;
  /** Nobody has read yet what the first start says. */
  firstRun?: boolean;
}

export class Desk {
  private readonly home = mkdtempSync(join(tmpdir(), "trunkline-desk-"));
  private readonly running: Running[] = [];
  private keyring: Running | undefined;
  readonly environment: NodeJS.ProcessEnv;

  private constructor() {
    const runtime = join(this.home, "run");
    mkdirSync(runtime, { mode: 0o700 });
    writeFileSync(join(runtime, "overhear.js"), overhear);
    mkdirSync(this.dataFolder, { mode: 0o700 });
    const { XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_CACHE_HOME, WAYLAND_DISPLAY, DISPLAY, ...inherited } =
      process.env;
    this.environment = {
      ...inherited,
      HOME: this.home,
      XDG_RUNTIME_DIR: runtime,
      TRUNKLINE_DATA_DIR: this.dataFolder,
      TRUNKLINE_LOG: "trace",
      TRUNKLINE_PAGE_SCRIPT: join(runtime, "overhear.js"),
      LANG: "C.UTF-8",
      // Numbers and dates as on every other machine.
      LANGUAGE: "en",
      TZ: "UTC",
      GDK_BACKEND: "x11",
      NO_AT_BRIDGE: "1",
    };
  }

  /** Where the window keeps its files. */
  get dataFolder(): string {
    return join(this.home, "data");
  }

  static async start({ width = 1440, height = 900, firstRun = false }: DeskOptions = {}): Promise<Desk> {
    const desk = new Desk();
    if (!firstRun)
      writeFileSync(join(desk.dataFolder, "window.json"), JSON.stringify({ window: { welcomed: true } }));
    // Before there is a screen: a locked keychain would ask for its password there, and wait for somebody to type it.
    const bus = desk.run("dbus-daemon", ["--session", "--nofork", "--print-address"]);
    desk.environment.DBUS_SESSION_BUS_ADDRESS = await bus.line((line) => line.trim() || undefined);
    const screen = desk.run("Xvfb", [
      ...["-displayfd", "1", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp", "-dpi", "96"],
    ]);
    const display = await screen.line((line) => /^\d+$/.exec(line)?.[0]);
    desk.environment.DISPLAY = `:${display}`;
    desk.run("openbox", ["--sm-disable"]);
    await desk.unlockKeychain();
    return desk;
  }

  /** Starts the keychain open, with what was stored before. */
  unlockKeychain(): Promise<void> {
    return this.startKeychain(["--unlock"], keychainPassword);
  }

  /** Starts the keychain closed: what was stored is there, and can not be read. */
  lockKeychain(): Promise<void> {
    return this.startKeychain([], "");
  }

  /** As {@link lockKeychain}, on a desktop as people have it: the keychain asks for its password on the screen. */
  async lockKeychainInSight(): Promise<void> {
    await this.run("dbus-update-activation-environment", ["DISPLAY", "HOME", "XDG_RUNTIME_DIR"]).ended();
    await this.startKeychain([], "", this.environment);
  }

  /** Until the keychain's question is on the screen. */
  promptShown(): Promise<boolean> {
    const look = () => {
      const windows = execFileSync(program("wmctrl"), ["-l"], { env: this.environment, encoding: "utf8" });
      return windows.split("\n").filter((line) => line.trim() !== "").length > 1;
    };
    return until("the keychain's prompt", look);
  }

  /** Types the keychain's password where it is asked for. */
  async answerPrompt(): Promise<void> {
    await this.run("xdotool", ["type", "--delay", "20", keychainPassword]).ended();
    await this.run("xdotool", ["key", "Return"]).ended();
  }

  private async startKeychain(
    args: string[],
    input: string,
    env: NodeJS.ProcessEnv = this.blind(),
  ): Promise<void> {
    await this.keyring?.stop();
    const all = ["--foreground", "--components=secrets", ...args];
    this.keyring = this.run("gnome-keyring-daemon", all, env);
    this.keyring.child.stdin?.end(input);
    await until("the keychain", () => this.onBus("org.freedesktop.secrets"));
  }

  private blind(): NodeJS.ProcessEnv {
    const { DISPLAY, ...blind } = this.environment;
    return blind;
  }

  private onBus(name: string): boolean {
    const answer = execFileSync(
      program("dbus-send"),
      [
        "--session",
        "--print-reply",
        "--dest=org.freedesktop.DBus",
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus.NameHasOwner",
        `string:${name}`,
      ],
      { env: this.environment, encoding: "utf8" },
    );
    return answer.includes("boolean true");
  }

  run(name: string, args: string[], env = this.environment): Running {
    const running = Running.start(program(name), args, { env });
    this.running.push(running);
    return running;
  }

  /** Runs `trunkline` with the window's data. */
  trunkline(...args: string[]): string {
    return execFileSync(commandLine, args, {
      env: this.environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Every file that was written in this home, with its content. */
  files(): { path: string; content: Buffer }[] {
    return readdirSync(this.home, { recursive: true, encoding: "utf8" })
      .map((path) => join(this.home, path))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
      .map((path) => ({ path, content: readFileSync(path) }));
  }

  async close(): Promise<void> {
    for (const running of this.running.reverse()) await running.stop();
    rmSync(this.home, { recursive: true, force: true });
  }
}
