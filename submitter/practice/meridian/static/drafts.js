// Writing an invoice: all of it in one view, then a view of review with the button that sends it.
import { get, post, put, remove } from "./api.js";
import { combobox, field, grid, h, terms } from "./dom.js";
import { day, money, price, quantity, size } from "./figures.js";

export async function draft({ words: [id], act }) {
  const { data, odd } = await get(`drafts/${id}`);
  const renamed = "rename_field" in odd;
  const number = h("input", { id: renamed ? "document-id" : "invoice-number", value: data.number });
  const date = h("input", { id: "invoice-date", type: "date", value: data.invoice_date });
  const tax = h("input", { id: "tax", value: data.typed.tax || "" });
  const category = combobox("Tax category", data.tax_categories, data.tax_category);
  const typed = {};
  const input = (key, label, value) => (typed[key] = h("input", { "aria-label": label, value }));
  const lines = data.lines.map((line) => [
    line.line,
    line.description,
    quantity(line.open),
    line.unit,
    input(`quantity-${line.line}`, `Quantity, line ${line.line}`, data.typed[`quantity-${line.line}`] || ""),
    input(`price-${line.line}`, `Unit price, line ${line.line}`, data.typed[`price-${line.line}`] || price(line.unit_price)),
  ]);
  const entered = () => ({
    number: number.value,
    invoice_date: date.value,
    tax_category: category.chosen(),
    typed: { tax: tax.value, ...Object.fromEntries(Object.entries(typed).map(([key, each]) => [key, each.value])) },
  });
  return {
    title: data.replaces ? "Edit Invoice" : "Create Invoice",
    odd,
    view: [
      h("h1", {}, data.replaces ? `Edit and resubmit ${data.replaces}` : "Create Invoice"),
      terms([["Order #", data.order], ["Customer", data.customer], ["Currency", data.currency]]),
      field(renamed ? "Document ID" : "Invoice #", number),
      field("Invoice Date", date),
      category.element,
      field("Tax Amount", tax),
      grid("Line items", ["Line", "Description", "Open", "Unit", "Quantity", "Unit Price"], lines),
      attachments(id, data.files, act),
      h("button", { class: "main", type: "button", onclick: () => act(() => put(`drafts/${id}`, entered())) }, "Next"),
    ],
  };
}

// The section with what is attached; it is drawn anew when that changes, and nothing else is.
function attachments(id, files, act) {
  const section = h("section", { "aria-label": "Attachments" });
  const draw = (held) => {
    const chosen = h("input", { id: "files", type: "file", multiple: true });
    const send = async () => {
      const body = new FormData();
      for (const file of chosen.files) body.append("file", file);
      const answer = await post(`drafts/${id}/files`, body);
      draw(answer.data.files);
    };
    const drop = (name) => act(async () => draw((await remove(`drafts/${id}/files`, { name })).data.files));
    const rows = held.map((file) => [file.name, size(file.size), file.sha256, h("button", { type: "button", onclick: () => drop(file.name) }, `Remove ${file.name}`)]);
    const there = rows.length ? [grid("Attached files", ["Name", "Size", "SHA-256", ""], rows)] : [h("p", {}, "Nothing is attached.")];
    section.replaceChildren(field("Choose files", chosen), h("button", { type: "button", onclick: () => act(send) }, "Add Attachments"), ...there);
  };
  draw(files);
  return section;
}

export async function review({ words: [id], act, go }) {
  const { data, odd } = await get(`drafts/${id}/review`);
  const submit = () => {
    if ("pop_up" in odd && !window.confirm("Submit this invoice?")) return;
    act(
      () => post(`drafts/${id}/submission`),
      "new_tab" in odd ? (view) => window.open(`${location.pathname}#/${view}`, "_blank") : undefined,
    );
  };
  const lines = data.lines.map((line) => [line.line, line.description, quantity(line.quantity), line.unit, price(line.unit_price), money(line.amount, data.currency)]);
  return {
    title: "Review Invoice",
    odd,
    view: [
      h("h1", {}, "Review Invoice"),
      terms([
        ["Order #", data.order],
        ["Customer", data.customer],
        ["rename_field" in odd ? "Document ID" : "Invoice #", data.number],
        ["Invoice Date", day(data.invoice_date)],
        ["Tax Category", data.tax_category],
        ["Net", money(data.net, data.currency)],
        ["Tax", money(data.tax, data.currency)],
        ["Total", money(data.total, data.currency)],
      ]),
      grid("Billed lines", ["Line", "Description", "Quantity", "Unit", "Unit Price", "Amount"], lines),
      grid("Attached files", ["Name", "Size", "SHA-256"], data.files.map((file) => [file.name, size(file.size), file.sha256])),
      h("button", { type: "button", onclick: () => go(`drafts/${id}`) }, "Previous"),
      h("button", { class: "main", type: "button", onclick: submit }, "Submit"),
    ],
  };
}
