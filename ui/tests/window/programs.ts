/** The programs that the window is tested with, and processes that end with the test. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, connect as openSocket } from "node:net";
import { delimiter, join, resolve } from "node:path";

const workspace = resolve(import.meta.dirname, "../../..");
const built = (name: string) => resolve(workspace, "target/debug", name);

/** The window and the command line, from the environment or where a plain `cargo build` puts them. */
export const app = resolve(process.env.TRUNKLINE_APP ?? built("trunkline-desktop"));
export const commandLine = resolve(process.env.TRUNKLINE ?? built("trunkline"));
/** Where pictures go. */
export const pictures = resolve(process.env.TRUNKLINE_PICTURES ?? join(workspace, "target/demo"));

/** Also where cargo, asked as CONTRIBUTING.md says, puts the driver. */
const folders = [join(workspace, "target/tools/bin"), ...(process.env.PATH ?? "").split(delimiter)];

export function installed(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

const needed = [
  "Xvfb",
  "WebKitWebDriver",
  "tauri-driver",
  "dbus-daemon",
  "dbus-send",
  "gnome-keyring-daemon",
  "wmctrl",
  "openbox",
  "import",
];

/** What this machine lacks; the tests of the window are left out without it. */
export function missing(): string[] {
  return process.platform === "linux" ? needed.filter((name) => !installed(name)) : ["Linux"];
}

/** What it takes for a keychain to ask for its password on the screen. */
export function noPrompt(): boolean {
  const helpers = ["dbus-update-activation-environment", "xdotool"];
  return !existsSync("/usr/libexec/gcr-prompter") || helpers.some((name) => !installed(name));
}

export function program(name: string): string {
  const path = installed(name);
  if (!path) throw new Error(`${name} is not installed`);
  return path;
}

/** A process that is ended, and waited for, when the test is over. */
export class Running {
  /** Everything that it said on its standard error. */
  errors = "";

  private constructor(readonly child: ChildProcess) {}

  static start(path: string, args: string[], options: SpawnOptions = {}): Running {
    const running = new Running(spawn(path, args, { stdio: ["pipe", "pipe", "pipe"], ...options }));
    running.child.stderr?.on("data", (data) => (running.errors += data));
    return running;
  }

  /** Reads its standard output until a line says what is waited for. */
  line<T>(find: (line: string) => T | undefined): Promise<T> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      let text = "";
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`${child.spawnfile} ended with ${code}: ${this.errors}`)));
      child.stdout?.on("data", (data) => {
        const lines = (text + data).split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) {
          const found = find(line);
          if (found !== undefined) resolve(found);
        }
      });
    });
  }

  /** Waits for its own end. */
  async ended(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    await new Promise((resolve) => this.child.once("exit", resolve));
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.child.kill(signal);
    await this.ended();
  }
}

/** Looks again and again until there is an answer; nothing here waits for a fixed time. */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | undefined> | T | false | undefined,
  seconds = 20,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let trouble: unknown;
  for (;;) {
    try {
      const answer = await look();
      if (answer !== false && answer !== undefined) return answer;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    if (Date.now() > end)
      throw new Error(`waited ${seconds} s for ${what}`, trouble ? { cause: trouble } : {});
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/** Ports that nobody has at this moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = openSocket(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
