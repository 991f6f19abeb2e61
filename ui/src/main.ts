import "./tokens.css";
import "./base.css";
import { createBackend } from "$backend";
import { mount } from "svelte";
import App from "./App.svelte";
import { openDoor } from "./lib/door";

openDoor(createBackend());
const target = document.querySelector("#app");
if (target) mount(App, { target });
