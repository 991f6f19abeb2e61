import "./tokens.css";
import "./base.css";
import "./parts.css";
import { mount } from "svelte";
import { createBackend } from "$backend";
import App from "./App.svelte";
import { openDoor } from "./lib/door";

openDoor(createBackend());
const target = document.querySelector("#app");
if (target) mount(App, { target });
