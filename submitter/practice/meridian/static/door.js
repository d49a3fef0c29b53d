// Coming in: username and password, the authenticator's code, an expired password, new terms.
import { get, known, learnWhoIsThere, post } from "./api.js";
import { field, h } from "./dom.js";

function form(title, lead, inputs, button, send) {
  const submit = (event) => {
    event.preventDefault();
    send();
  };
  return {
    title,
    view: [h("h1", {}, title), ...lead, h("form", { onsubmit: submit }, ...inputs, h("button", { class: "main" }, button))],
  };
}

export async function signIn({ act, query }) {
  const user = h("input", { id: "username", autocomplete: "username", required: true });
  const password = h("input", { id: "password", type: "password", autocomplete: "current-password", required: true });
  const lead = query.get("ended") ? [h("p", { role: "status" }, "Your session has ended. Log on again.")] : [];
  await learnWhoIsThere(); // the token of a session that has ended is worth nothing
  known.user = "";
  const send = () => act(() => post("session", { user: user.value, password: password.value }));
  return form("Supplier log-on", lead, [field("Username", user), field("Password", password)], "Log on", send);
}

export async function verify({ act }) {
  const code = h("input", { id: "code", autocomplete: "one-time-code", inputmode: "numeric", required: true });
  await learnWhoIsThere();
  const words = known.byApp
    ? "Enter the code that your authenticator app shows for Meridian."
    : "Enter the code that was sent to your e-mail address.";
  const send = () => act(() => post("session/code", { code: code.value }));
  return form("Two-step verification", [h("p", {}, words)], [field("Verification code", code)], "Continue", send);
}

export async function passwordExpired() {
  const words = "Your password has expired. Choose another one in your account settings before you go on.";
  return { title: "Password expired", view: [h("h1", {}, "Your password has expired"), h("p", {}, words)] };
}

export async function terms({ act }) {
  const { data } = await get("terms");
  const words = `Read the terms of use, version ${data.version || "of today"}, and accept them to go on.`;
  return form("Terms of use have changed", [h("p", {}, words)], [], "Accept", () => act(() => post("terms")));
}
