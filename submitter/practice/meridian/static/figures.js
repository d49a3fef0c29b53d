// Dates and figures as Meridian writes them: 2 Mar 2026 and 1,234.56. What comes from the server is ISO and plain decimals.
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export function day(iso) {
  if (!iso) return "";
  const [year, month, date] = iso.slice(0, 10).split("-");
  return `${Number(date)} ${MONTHS[month - 1]} ${year}`;
}

function grouped(plain, least) {
  const [whole, decimals = ""] = plain.split(".");
  const kept = decimals.replace(/0+$/, "").padEnd(least, "0");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (kept ? `.${kept}` : "");
}

export const quantity = (plain) => grouped(plain, 0);
export const price = (plain) => grouped(plain, 2);
export const money = (plain, currency) => `${grouped(plain, 2)} ${currency}`;
export const size = (bytes) => (bytes < 1000 ? `${bytes} bytes` : `${(bytes / 1000).toFixed(1)} kB`);
