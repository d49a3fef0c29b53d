// Lists: a search field, a grid, and buttons that turn its pages in place.
import { get } from "./api.js";
import { grid, gridRows, h } from "./dom.js";
import { day, money } from "./figures.js";

const link = (view, words) => h("a", { href: `#/${view}` }, words);

async function list({ query, go }, { path, title, columns, row, nothing, order = (cells) => cells }) {
  let page = 1;
  const asked = query.get("q") || "";
  const search = h("input", { type: "search", "aria-label": `Search ${title.toLowerCase()}`, value: asked });
  const first = await get(path, { q: asked });
  const shown = order(columns, first.odd);
  const rows = (data) => data.rows.map((each) => order(row(each), first.odd, true));
  const quiet = "silent_empty" in first.odd;
  const place = grid(title, shown, quiet ? [] : rows(first.data));
  const count = h("p", { class: "count" }, quiet ? "" : `${first.data.total} in all`);
  const turn = async (by) => {
    page += by;
    const { data } = await get(path, { q: asked, page });
    place.querySelector(".body").replaceChildren(...gridRows(rows(data)));
    set(data);
  };
  const back = h("button", { type: "button", onclick: () => turn(-1) }, "Previous page");
  const onward = h("button", { type: "button", onclick: () => turn(1) }, "Next page");
  const set = (data) => {
    back.disabled = data.page <= 1;
    onward.disabled = data.page >= data.pages;
  };
  set(first.data);
  const submit = (event) => {
    event.preventDefault();
    go(search.value ? `${path}?q=${encodeURIComponent(search.value)}` : path);
  };
  const empty = first.data.total === 0 && !quiet ? [h("p", { role: "status" }, nothing(asked))] : [];
  return {
    title,
    odd: first.odd,
    view: [h("h1", {}, title), h("form", { onsubmit: submit }, search, h("button", {}, "Search")), ...empty, place, count, back, onward],
  };
}

export const orders = (at) =>
  list(at, {
    path: "orders",
    title: "Orders",
    columns: ["Order #", "Customer", "Description", "Currency", "Status"],
    row: (each) => [link(`orders/${encodeURIComponent(each.number)}`, each.number), each.customer, each.description, each.currency, each.status],
    nothing: (asked) => (asked ? "No orders found." : "There are no orders yet."),
  });

// The two status fields change places, and one its name, when the server says so.
function moved(cells, odd, isRow) {
  if (!("move_column" in odd)) return cells;
  const kept = [...cells];
  [kept[6], kept[7]] = [kept[7], kept[6]];
  if (!isRow && odd.move_column === "rename") kept[6] = "Document Status";
  return kept;
}

export const invoices = (at) =>
  list(at, {
    path: "invoices",
    title: "Invoices",
    columns: ["Invoice #", "Reference", "Customer", "Order #", "Date", "Amount", "Routing Status", "Invoice Status", "Comment"],
    row: (each) => [
      each.number,
      link(`invoices/${each.reference}`, each.reference),
      each.customer,
      each.order,
      day(each.invoice_date),
      money(each.total, each.currency),
      each.routing,
      each.status,
      each.comment,
    ],
    nothing: (asked) => (asked ? "No invoices found." : "There are no invoices yet."),
    order: moved,
  });
