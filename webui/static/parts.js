// The small things that every view is made of. Data is untrusted: it only ever becomes text nodes.
import { html, useEffect, useRef } from "./vendor/preact.js";
import { api } from "./api.js";

const PATHS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM20 20l-4.2-4.2",
  similar: "M15 12a5.500 5.500 0 1 1-11 0 5.500 5.500 0 0 1 11 0zM20 12a5.500 5.500 0 1 1-11 0 5.500 5.500 0 0 1 11 0z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  close: "M6 6l12 12M18 6L6 18",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M19 5l-1.4 1.4M6.4 17.6L5 19",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
  filter: "M4 6h16M7 12h10M10 18h4",
  back: "M15 5l-7 7 7 7",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  thumb: "M4 11h3.500v9H4zM7.500 12l3.800-8.200c1.700 0 2.700 1.300 2.300 2.900L12.900 10H18c1.600 0 2.600 1.300 2.200 2.800l-1.500 5.600c-.3 1-1.100 1.600-2.200 1.600h-9",
  lasso: "M12 4c5 0 9 2.5 9 6s-4 6-9 6c-1.600 0-3-.2-4.300-.7M7 15c-2.500-1-4-2.800-4-5 0-3.500 4-6 9-6M8 17.500a2 2 0 1 1-2-2c2 0 3 2 1 5",
  move: "M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3",
};

export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

export const count = (n) => Number(n).toLocaleString("en");
export const percent = (p) => `${Math.round(p * 100)} %`;
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const noun = (modality, n) =>
  plural(n, ...({ text: ["text"], image: ["picture"] }[modality] ?? ["item"]));

export function Problem({ error, retry }) {
  const remedy = error.remedy ?? "";
  return html`
    <section class="state problem" role="alert">
      <h2>${sentence(error.message || "Something went wrong")}</h2>
      ${remedy && html`<p>${sentence(remedy)}</p>`}
      ${retry && html`<button type="button" class="button" onClick=${retry}>Try again</button>`}
    </section>`;
}

export function sentence(text) {
  const trimmed = text.trim();
  const start = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}

export const Loading = ({ what }) => html`
  <p class="state loading" role="status"><span class="spinner" aria-hidden="true"></span>${what}</p>`;

export const Empty = ({ title, children }) => html`
  <section class="state"><h2>${title}</h2>${children}</section>`;

export const NothingHere = ({ info }) => html`
  <${Empty} title="This collection is empty">
    <p>Index something, then reload this page:</p><pre>semsearch index ${info.name} FILE</pre><//>`;

export const Score = ({ value, share = value, title = "cosine similarity, -1 to 1; higher is nearer", digits = 2 }) => html`
  <span class="score" title=${title}>
    <span class="bar" aria-hidden="true">
      <span style=${{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }}></span>
    </span>
    <span class="number">${value.toFixed(digits)}</span>
  </span>`;

// A day is told without its midnight.
const told = (value) => String(value).replace(/T00:00:00Z$/, "");

// A list has a chip for each of its members.
const chipsOf = (fields) => Object.entries(fields ?? {}).flatMap(([name, value]) => (Array.isArray(value)
  ? [...new Set(value)].map((member) => ({ name, value: member, isMember: true })) : [{ name, value, isMember: false }]));

export function Chips({ fields, onPick }) {
  const shown = chipsOf(fields).filter(({ value }) => value !== null && value !== "");
  return shown.map(({ name, value, isMember }) => {
    const inside = html`<span class="name">${name}</span> <span class="value">${told(value)}</span>`;
    const key = `${name} ${value}`;
    if (!onPick) return html`<span class="chip" key=${key}>${inside}</span>`;
    return html`<button type="button" class="chip" key=${key} title="Only items like this"
      onClick=${() => onPick(name, value, isMember)}>${inside}</button>`;
  });
}

export const Thumbnail = ({ collection, item, size = 256 }) => html`
  <img src=${api.thumbnail(collection, item.key, size)} alt=${item.text || item.key}
    loading="lazy" decoding="async" width=${size} height=${size} />`;

// A dialog of the browser's own, so focus is kept inside and Escape closes it.
export function Dialog({ open, onClose, title, children }) {
  const dialog = useRef();
  useEffect(() => {
    if (open) dialog.current.showModal();
    else dialog.current.close();
  }, [open]);
  return html`
    <dialog ref=${dialog} onClose=${onClose} aria-label=${title}
      onClick=${(event) => event.target === dialog.current && onClose()}>
      <header>
        <h2>${title}</h2>
        <button type="button" class="quiet" aria-label="Close" onClick=${onClose}>
          <${Icon} name="close" />
        </button>
      </header>
      ${children}
    </dialog>`;
}
