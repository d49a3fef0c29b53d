// Dialogs: a button opens the one it names; what is meant to be seen first is open from the start.
for (const button of document.querySelectorAll("[data-opens]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}
for (const button of document.querySelectorAll("[data-closes]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.closes).close());
}
for (const dialog of document.querySelectorAll("dialog[data-shown]")) dialog.showModal();
for (const form of document.querySelectorAll("form[data-ask]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.ask)) event.preventDefault();
  });
}

// A summary that no longer says what is typed is worse than none.
const invoice = document.getElementById("invoice-form");
const summary = document.getElementById("summary");
if (invoice && summary) invoice.addEventListener("input", () => { summary.hidden = true; });

// The order field: only what is chosen from the list counts, so typing on forgets the choice.
for (const combo of document.querySelectorAll(".combo")) {
  const [typed, list, chosen] = [combo.querySelector("[role=combobox]"), combo.querySelector("[role=listbox]"), combo.querySelector("[type=hidden]")];
  let asked = 0;
  const close = () => { list.hidden = true; typed.setAttribute("aria-expanded", "false"); };
  const choose = (number) => { typed.value = number; chosen.value = number; close(); };
  const offer = (orders) => {
    list.replaceChildren(...orders.map((order) => {
      const item = document.createElement("li");
      item.role = "option";
      item.textContent = order.number;
      const about = document.createElement("small"); // for the eye only: the option is the number
      about.textContent = ` ${order.description}`;
      about.ariaHidden = "true";
      item.append(about);
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => choose(order.number));
      return item;
    }));
    list.hidden = orders.length === 0;
    typed.setAttribute("aria-expanded", String(orders.length > 0));
  };
  typed.addEventListener("input", async () => {
    chosen.value = "";
    const turn = ++asked;
    const answer = await fetch(`${combo.dataset.suggestions}?q=${encodeURIComponent(typed.value)}`);
    const orders = answer.ok ? await answer.json() : [];
    if (turn === asked) offer(orders); // an answer that was overtaken by a later one says nothing any more
  });
  typed.addEventListener("blur", close);
}
