import "./tokens.css";
import "./base.css";
import "./parts.css";
import { mount } from "svelte";
import { createBackend } from "$backend";
import App from "./App.svelte";
import { BackendError } from "./lib/backend";
import { openDoor } from "./lib/door";
import { program } from "./lib/state/program.svelte";

openDoor(createBackend());
const target = document.querySelector("#app");
if (target) {
  const draw = (failure: BackendError | null) => mount(App, { target, props: { failure } });
  // Drawn once, with the list in it: a frame without one would be laid out for nothing.
  void program.begin().then(
    () => draw(null),
    (error: unknown) => {
      if (!(error instanceof BackendError)) throw error;
      draw(error);
    },
  );
}
