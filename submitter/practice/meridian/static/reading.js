// The workbench, one order, one invoice with its history, and the receipt.
import { get, post, remove } from "./api.js";
import { grid, h, terms } from "./dom.js";
import { day, money, price, quantity } from "./figures.js";

export async function workbench() {
  const { data, odd } = await get("workbench");
  const tile = (view, count, words) => h("a", { href: `#/${view}` }, h("b", {}, String(count)), words);
  return {
    title: "Workbench",
    odd,
    view: [
      h("h1", {}, "Workbench"),
      h(
        "div",
        { class: "tiles" },
        tile("orders", data.orders, "Orders to invoice"),
        tile("invoices", data.invoices, "Invoices in all"),
        tile("invoices", data.waiting, "Invoices to edit"),
      ),
    ],
  };
}

export async function order({ words: [number], act }) {
  const { data, odd } = await get(`orders/${encodeURIComponent(number)}`);
  const create = () => act(() => post("drafts", { order: data.number }));
  const lines = data.lines.map((line) => [line.line, line.description, quantity(line.ordered), quantity(line.open), line.unit, price(line.unit_price)]);
  return {
    title: `Order ${data.number}`,
    odd,
    view: [
      h("h1", {}, `Order ${data.number}`),
      terms([["Customer", data.customer], ["Description", data.description], ["Currency", data.currency], ["Status", data.status]]),
      grid("Order lines", ["Line", "Description", "Ordered", "Open", "Unit", "Unit Price"], lines),
      h("button", { class: "main", type: "button", onclick: create }, "Create Invoice"),
    ],
  };
}

export async function invoice({ words: [reference], act }) {
  const { data, odd } = await get(`invoices/${reference}`);
  const edit = () => act(() => post(`invoices/${reference}/drafts`));
  const cancel = () => {
    if (window.confirm(`Cancel invoice ${data.number}?`)) act(() => remove(`invoices/${reference}`));
  };
  const buttons = data.correctable
    ? [h("button", { class: "main", type: "button", onclick: edit }, "Edit & Resubmit"), h("button", { type: "button", onclick: cancel }, "Cancel")]
    : [];
  const history = data.history.map((entry) => [day(entry.at), entry.field, entry.word, entry.comment, entry.by]);
  return {
    title: `Invoice ${data.number}`,
    odd,
    view: [
      h("h1", {}, `Invoice ${data.number}`),
      terms([
        ["Reference", data.reference],
        ["Customer", data.customer],
        ["Order #", data.order],
        ["Amount", money(data.total, data.currency)],
        ["Routing Status", data.routing],
        ["Invoice Status", data.status],
        ["Comment", data.comment],
        ["Payment", [data.payment_reference, day(data.paid_on)].filter(Boolean).join(", ")],
        ["Attachments", data.files.join(", ")],
      ]),
      ...buttons,
      grid("History", ["Date", "Field", "Status", "Comment", "By"], history),
    ],
  };
}

export async function submitted({ words: [reference] }) {
  const { data, odd } = await get(`invoices/${reference}/receipt`);
  return {
    title: "Invoice Submitted",
    odd,
    view: [
      h("h1", {}, "Invoice Submitted"),
      h("p", {}, `Meridian has taken your invoice and sends it to ${data.customer}.`),
      terms([
        ["Reference", h("span", { id: "reference" }, data.reference)],
        ["Invoice #", data.number],
        ["Amount", money(data.total, data.currency)],
        ["Routing Status", data.routing],
      ]),
    ],
  };
}
