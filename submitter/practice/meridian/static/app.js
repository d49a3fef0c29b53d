// Meridian's one page: the route behind the # says what it shows, and it is never left.
import { Elsewhere, Problem, Refused, known, learnWhoIsThere, remove } from "./api.js";
import * as door from "./door.js";
import { h } from "./dom.js";
import * as drafts from "./drafts.js";
import * as lists from "./lists.js";
import { handOut, strike } from "./oddities.js";
import * as reading from "./reading.js";

const main = document.getElementById("view");
const menu = document.getElementById("menu");
const OUTSIDE = [door.signIn, door.verify, door.passwordExpired, door.terms];
const ROUTES = [
  [/^sign-in$/, door.signIn],
  [/^verify$/, door.verify],
  [/^password-expired$/, door.passwordExpired],
  [/^terms$/, door.terms],
  [/^workbench$/, reading.workbench],
  [/^orders$/, lists.orders],
  [/^orders\/(.+)$/, reading.order],
  [/^drafts\/(\d+)$/, drafts.draft],
  [/^drafts\/(\d+)\/review$/, drafts.review],
  [/^invoices$/, lists.invoices],
  [/^invoices\/([^/]+)$/, reading.invoice],
  [/^invoices\/([^/]+)\/submitted$/, reading.submitted],
];
let turn = 0;

const go = (view) => {
  if (location.hash === `#/${view}`) show();
  else location.hash = `#/${view}`;
};

function drawMenu(page) {
  const inside = known.user && !OUTSIDE.includes(page);
  const entry = (view, words) => h("a", { href: `#/${view}`, "aria-current": location.hash.startsWith(`#/${view}`) && "page" }, words);
  const leave = h("button", { type: "button", onclick: () => act(() => remove("session")) }, "Log off");
  menu.replaceChildren(...(inside ? [entry("workbench", "Workbench"), entry("orders", "Orders"), entry("invoices", "Invoices"), leave] : []));
  document.getElementById("who").textContent = inside ? `${known.supplier} (${known.user})` : "";
}

// What a call that was not plainly answered leads to; true when the view is another one now.
function settle(trouble, then = go) {
  if (trouble instanceof Elsewhere) then(trouble.ended ? `${trouble.view}?ended=1` : trouble.view);
  else if (trouble instanceof Problem) main.replaceChildren(h("h1", {}, trouble.title), h("p", {}, trouble.text));
  else throw trouble;
}

// Something that a person does in the view; what is refused is said above the fields.
async function act(work, then) {
  main.querySelectorAll(":scope > [role=alert]").forEach((old) => old.remove());
  const buttons = [...main.querySelectorAll("button:not(:disabled)")];
  buttons.forEach((button) => (button.disabled = true));
  try {
    await work();
  } catch (trouble) {
    if (trouble instanceof Refused) {
      const words = trouble.errors.map((error) => h("p", {}, error));
      main.prepend(h("div", { role: "alert" }, ...words));
    } else settle(trouble, then);
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

async function show() {
  const mine = ++turn;
  const [path, search = ""] = location.hash.slice(2).split("?");
  const query = new URLSearchParams(search);
  main.replaceChildren(h("p", { class: "busy" }, "Loading"));
  try {
    if (!known.token) {
      const view = await learnWhoIsThere();
      if (view === "verify" && !path.startsWith("verify")) return mine === turn && go(view);
    }
    for (const [pattern, page] of ROUTES) {
      const match = path.match(pattern);
      if (!match) continue;
      const words = match.slice(1).map(decodeURIComponent);
      const drawn = await page({ words, query, act, go });
      if (mine !== turn) return;
      if (!OUTSIDE.includes(page) && !known.user) await learnWhoIsThere();
      drawMenu(page);
      document.title = `${drawn.title} - Meridian`;
      main.replaceChildren(...drawn.view);
      strike(main, drawn.odd || {});
      if ("download_instead" in (drawn.odd || {})) {
        handOut(main, `${drawn.title}.txt`);
        main.replaceChildren();
      }
      return;
    }
    go("workbench");
  } catch (trouble) {
    if (mine !== turn) return;
    if (trouble instanceof Refused) settle(Object.assign(new Problem(), { title: "Something went wrong", text: trouble.errors.join(" ") }));
    else settle(trouble);
  }
}

window.addEventListener("hashchange", show);
// Choosing the entry of the view that is there loads it again, which no change of the address tells.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#/']");
  if (link && link.getAttribute("href") === location.hash) show();
});
show();
