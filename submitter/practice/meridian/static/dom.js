// Elements out of names, attributes and what is in them; text is always text, never markup.
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function field(label, input) {
  return h("label", { class: "field" }, h("span", {}, label), input);
}

// A definition list of pairs.
export function terms(pairs) {
  return h("dl", {}, ...pairs.flatMap(([term, words]) => [h("dt", {}, term), h("dd", {}, words)]));
}

function cell(role, content) {
  return h("div", { role }, content);
}

// The rows of a grid: arrays of texts or elements.
export function gridRows(rows) {
  return rows.map((row) => h("div", { role: "row" }, ...row.map((content) => cell("gridcell", content))));
}

export function grid(name, columns, rows) {
  const head = h("div", { role: "row" }, ...columns.map((column) => cell("columnheader", column)));
  return h(
    "div",
    { role: "grid", "aria-label": name },
    h("div", { role: "rowgroup" }, head),
    h("div", { role: "rowgroup", class: "body" }, ...gridRows(rows)),
  );
}

// A field that opens a list of words to choose from; `chosen()` is what it shows.
export function combobox(label, options, current) {
  const button = h("button", { type: "button", role: "combobox", "aria-label": label, "aria-expanded": "false" }, current || "Choose");
  const place = h("span", {}, button);
  const close = () => {
    place.querySelector("[role=listbox]")?.remove();
    button.setAttribute("aria-expanded", "false");
  };
  const take = (option) => {
    button.textContent = option;
    close();
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-expanded") === "true") return close();
    button.setAttribute("aria-expanded", "true");
    const items = options.map((option) => h("li", { role: "option", onclick: () => take(option) }, option));
    place.append(h("ul", { role: "listbox", "aria-label": label }, ...items));
  });
  return { element: h("div", { class: "field" }, h("span", {}, label), place), chosen: () => (options.includes(button.textContent) ? button.textContent : "") };
}
