// The calls behind the views. Everything that is not a plain answer is thrown and ends in a view or in an alert.
export const known = { token: "", user: "", supplier: "", customers: [], byApp: false };
const customer = document.body.dataset.customer;

export class Refused extends Error {} // sentences about what was entered
export class Elsewhere extends Error {} // another view is to be shown
export class Problem extends Error {} // a view of nothing but words

function address(path, query = {}) {
  const all = new URLSearchParams(Object.entries({ ...query, with: customer }).filter(([, value]) => value));
  return `/api/${path}${all.size ? `?${all}` : ""}`;
}

function thrown(kind, fields) {
  return Object.assign(new kind(), fields);
}

async function call(method, path, { query, body } = {}) {
  const headers = method === "GET" ? {} : { "X-Meridian-Token": known.token };
  if (body && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  let answer, data;
  try {
    const sent = body instanceof FormData || !body ? body : JSON.stringify(body);
    answer = await fetch(address(path, query), { method, headers, body: sent, cache: "no-store" });
    data = await answer.json();
  } catch {
    const text = "Look at your connection and try again. What you did last may have been done or not.";
    throw thrown(Problem, { title: "Meridian could not be reached", text });
  }
  if (data.token) known.token = data.token;
  if (data.errors) throw thrown(Refused, { errors: data.errors });
  if (data.go) throw thrown(Elsewhere, { view: data.go, ended: data.ended });
  if (!answer.ok) throw thrown(Problem, { title: data.title || "Something went wrong", text: data.text || "" });
  return { data, odd: JSON.parse(answer.headers.get("X-Meridian-Odd") || "{}") };
}

export const get = (path, query) => call("GET", path, { query });
export const post = (path, body = {}) => call("POST", path, { body });
export const put = (path, body) => call("PUT", path, { body });
export const remove = (path, body = {}) => call("DELETE", path, { body });

export async function learnWhoIsThere() {
  const { data } = await get("session");
  Object.assign(known, { user: data.user, supplier: data.supplier, customers: data.customers, byApp: data.by_app });
  return data.view;
}
